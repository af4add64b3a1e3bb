// JSON from outside: parsed without exceptions, within limits, and strictly (RFC 8259).
#pragma once

#include <concepts>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // keeps the order of keys, as templates print them

struct JsonLimits {
  size_t max_bytes = 4u << 20;
  size_t max_depth = 64;
  size_t max_nodes = 100'000;
};

// Errors are kInvalidArgument with reason "invalid_json", "invalid_utf8", "invalid_unicode" (a lone
// surrogate), "too_deep", "too_large", "duplicate_key" or "out_of_range" (a number that no double
// holds).
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
Result<OrderedJson> parse_ordered_json(std::string_view text, const JsonLimits& limits = {});

// Never throws: bytes that are no UTF-8 become U+FFFD.
std::string dump_json(const Json& json);
// A template, so that numbers and texts have one way only to become JSON.
template <std::same_as<OrderedJson> Ordered>
std::string dump_json(const Ordered& json) {
  return json.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

template <typename T>
OrderedJson or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

}  // namespace youtu
