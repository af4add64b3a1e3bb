#include "base/content_hash.h"

#include <xxhash.h>

#include <cstdio>
#include <new>

#include "base/check.h"

namespace youtu {

uint64_t content_hash(std::span<const uint8_t> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

void ContentHash::Free::operator()(void* state) const {
  XXH3_freeState(static_cast<XXH3_state_t*>(state));
}

ContentHash::ContentHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  CHECK(XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_.get())) == XXH_OK);
}

void ContentHash::add(std::span<const uint8_t> bytes) {
  CHECK(XXH3_128bits_update(static_cast<XXH3_state_t*>(state_.get()), bytes.data(), bytes.size()) ==
        XXH_OK);
}

void ContentHash::add_number(int64_t number) {
  add({reinterpret_cast<const uint8_t*>(&number), sizeof(number)});
}

void ContentHash::add_text(std::string_view text) {
  add_number(static_cast<int64_t>(text.size()));
  add({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

uint64_t ContentHash::value() const {
  return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_.get()));
}

std::string ContentHash::hexadecimal_128() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_.get()));
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace youtu
