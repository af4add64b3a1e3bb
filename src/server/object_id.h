// Names of answers and calls, which clients keep: unique beyond this process.
#pragma once

#include <string>
#include <string_view>

namespace youtu {

// The prefix and 24 random letters and digits: "chatcmpl-", "call_", "msg_".
std::string make_object_id(std::string_view prefix);

}  // namespace youtu
