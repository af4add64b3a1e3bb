// How the server on this machine answers when it is asked how it is.
#pragma once

#include <string>

namespace youtu {

// The beginning of the answer to GET /health of 127.0.0.1:`port`, head and body, after five seconds
// at most; empty if there is none.
std::string ask_health(int port);

}  // namespace youtu
