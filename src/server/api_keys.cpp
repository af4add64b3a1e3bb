#include "server/api_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/check.h"

namespace youtu {

namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr std::string_view kSpace = " \t\r";

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

Status check_mode(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Status::invalid_argument(path + ": cannot be read");
  }
  if ((info.st_mode & S_IRWXO) == 0) return Status::ok();
  return Status::invalid_argument(
      fmt::format("{}: other users of this machine may use it (chmod 600)", path));
}

}  // namespace

Digest sha256(std::string_view bytes) {
  Digest digest{};
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  CHECK(size == digest.size());
  return digest;
}

std::string hexadecimal(const Digest& digest) {
  std::string text;
  for (const uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

Result<ApiKeys> ApiKeys::read_file(const std::string& path) {
  RETURN_IF_ERROR(check_mode(path));
  std::ifstream file(path);
  if (!file) return Status::invalid_argument(path + ": cannot be read");
  ApiKeys keys;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    const size_t space = text.find_first_of(kSpace);
    const bool has_name = space != std::string_view::npos;
    std::string name = has_name ? std::string(text.substr(0, space)) : fmt::format("key{}", number);
    const std::string_view key = has_name ? trim(text.substr(space)) : text;
    const Status status = keys.add(std::move(name), key);
    if (!status) return status.with_prefix(fmt::format("{}:{}: ", path, number));
  }
  if (keys.is_empty()) return Status::invalid_argument(path + ": there is no key in it");
  return keys;
}

Status ApiKeys::add(std::string name, std::string_view key) {
  if (!is_name(name)) {
    return Status::invalid_argument(fmt::format(
        "a key's name must have 1 to {} letters, digits, '-', '_' or '.'", kMaxNameBytes));
  }
  const bool is_taken = std::any_of(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
  if (is_taken) return Status::invalid_argument("two keys are called " + name);
  if (key.size() < kMinApiKeyBytes || key.size() > kMaxApiKeyBytes) {
    return Status::invalid_argument(fmt::format("a key has {} characters ({} to {})", key.size(),
                                                kMinApiKeyBytes, kMaxApiKeyBytes));
  }
  if (key.find_first_of(kSpace) != std::string_view::npos) {
    return Status::invalid_argument("a key must have no spaces");
  }
  if (entries_.size() == kMaxApiKeys) {
    return Status::invalid_argument(fmt::format("there are more than {} keys", kMaxApiKeys));
  }
  entries_.push_back({std::move(name), sha256(key)});
  return Status::ok();
}

std::vector<std::string> ApiKeys::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

std::optional<std::string> ApiKeys::owner_of(std::string_view key) const {
  const Digest digest = sha256(key.substr(0, kMaxApiKeyBytes + 1));
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = &entry;
  }
  if (!found) return std::nullopt;
  return found->name;
}

}  // namespace youtu
