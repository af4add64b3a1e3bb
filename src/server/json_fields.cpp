#include "server/json_fields.h"

#include <algorithm>

namespace youtu {

Status wrong_type(const std::string& name, std::string_view expected) {
  return Status::invalid_argument(name + " must be " + std::string(expected), name, "type");
}

Status empty_field(const std::string& name) {
  return Status::invalid_argument(name + " is empty", name, "empty");
}

Result<Json> parse_object(std::string_view text) {
  Result<Json> body = parse_json(text);
  if (!body) return body.status().with_prefix("the body is not valid JSON: ");
  if (!body->is_object()) {
    return Status::invalid_argument("the body must be a JSON object", {}, "type");
  }
  return body;
}

std::vector<std::string> unknown_fields(const Json& body, std::span<const std::string_view> known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : body.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) names.push_back(name);
  }
  return names;
}

const Json* find_field(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Status read_flag(const Json& body, const std::string& name, bool& flag) {
  const Json* value = find_field(body, name);
  if (!value) return Status::ok();
  if (!value->is_boolean()) return wrong_type(name, "true or false");
  flag = value->get<bool>();
  return Status::ok();
}

Result<std::optional<std::string>> read_text(const Json& body, const std::string& name) {
  const Json* value = find_field(body, name);
  if (!value) return std::optional<std::string>();
  if (!value->is_string()) return wrong_type(name, "a string");
  return std::optional<std::string>(value->get<std::string>());
}

Result<std::optional<int64_t>> read_count(const Json& body, const std::string& name, int64_t max) {
  const Json* value = find_field(body, name);
  if (!value) return std::optional<int64_t>();
  if (!value->is_number_integer()) return wrong_type(name, "a whole number");
  const bool is_huge = value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX;
  const int64_t count = is_huge ? INT64_MAX : value->get<int64_t>();
  if (count < 0 || count > max) {
    return Status::invalid_argument(name + " is out of range (0 to " + std::to_string(max) + ")",
                                    name, "out_of_range");
  }
  return std::optional<int64_t>(count);
}

}  // namespace youtu
