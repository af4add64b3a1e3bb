#include "server/object_id.h"

#include <cstddef>
#include <random>

namespace youtu {

std::string make_object_id(std::string_view prefix) {
  constexpr size_t kLength = 24;
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::uniform_int_distribution<size_t> place(0, kLetters.size() - 1);
  std::string id(prefix);
  for (size_t i = 0; i < kLength; ++i) id.push_back(kLetters[place(device)]);
  return id;
}

}  // namespace youtu
