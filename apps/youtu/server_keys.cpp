#include "server_keys.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "http/host_rules.h"

namespace youtu {

Result<ApiKeys> load_api_keys(const ServerConfig& config) {
  ApiKeys keys;
  if (!config.api_key_file.empty()) {
    Result<ApiKeys> read = ApiKeys::read_file(config.api_key_file);
    RETURN_IF_ERROR(read);
    keys = *std::move(read);
  }
  if (const char* key = std::getenv("YOUTU_API_KEY")) {
    const Status status = keys.add("environment", key);
    if (!status) return status.with_prefix("YOUTU_API_KEY: ");
  }
  return keys;
}

Status check_exposure(const ServerConfig& config, const ApiKeys& keys) {
  if (config.insecure_no_auth || !keys.is_empty() || config.host == "localhost" ||
      http::is_loopback_address(config.host)) {
    return Status::ok();
  }
  return Status::invalid_argument(fmt::format(
      "host {} can be reached from other machines and no key is asked for (api_key_file, "
      "127.0.0.1, or --insecure-no-auth)",
      config.host));
}

}  // namespace youtu
