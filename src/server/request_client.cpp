#include "server/request_client.h"

#include <string>

#include "server/api_keys.h"
#include "server/fresh_seed.h"

namespace youtu {

namespace {

// Fresh with each start, so that nobody can name another's salt.
const std::string& salt_secret() {
  static const std::string secret = [] {
    std::string text;
    for (int i = 0; i < 4; ++i) text += std::to_string(fresh_seed()) + " ";
    return text;
  }();
  return secret;
}

}  // namespace

void set_client(const http::Request& request, GenerationRequest& generation) {
  if (request.client.empty()) {
    generation.client = request.peer_address;
    return;
  }
  generation.client = request.client;
  generation.cache_salt =
      hexadecimal(sha256(salt_secret() + request.client + "\n" + generation.cache_salt));
}

}  // namespace youtu
