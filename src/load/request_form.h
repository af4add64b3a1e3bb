// A request in the words of the interface that it goes to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/load_options.h"
#include "youtu/types.h"

namespace youtu::load {

// The bytes of one streaming request: head and body. Plain completions get the contents of the
// messages, one line each, since they know no roles.
std::string request_bytes(const LoadTarget& target, const LoadSampling& sampling,
                          const std::vector<ChatMessage>& messages, int32_t max_tokens);

}  // namespace youtu::load
