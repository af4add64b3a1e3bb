#include "server/presets_json.h"

#include <cstdint>
#include <variant>

#include "base/json.h"
#include "server/sampling_fields.h"
#include "youtu/sampling_params.h"

namespace youtu {

namespace {

OrderedJson preset_json(const SamplingPreset& preset) {
  OrderedJson json;
  json["name"] = preset.name;
  json["description"] = preset.description;
  json["parameters"] = sampling_fields(preset.params);
  return json;
}

OrderedJson range_json(const SamplingRange& range) {
  const bool is_integer = std::holds_alternative<int64_t SamplingParams::*>(range.member);
  const auto number = [is_integer](double value) {
    return is_integer ? OrderedJson(static_cast<int64_t>(value)) : OrderedJson(value);
  };
  OrderedJson json;
  json["name"] = range.name;
  json["type"] = is_integer ? "integer" : "number";
  json["minimum"] = number(range.minimum);
  json["maximum"] = number(range.maximum);
  json["exclusive_minimum"] = range.above_minimum;
  json["usual_minimum"] = number(range.usual_minimum);
  json["usual_maximum"] = number(range.usual_maximum);
  json["step"] = number(range.step);
  return json;
}

}  // namespace

std::string presets_body(std::string_view default_preset) {
  OrderedJson json;
  json["default"] = default_preset;
  json["presets"] = OrderedJson::array();
  for (const SamplingPreset& preset : sampling_presets()) {
    json["presets"].push_back(preset_json(preset));
  }
  json["parameters"] = OrderedJson::array();
  for (const SamplingRange& range : sampling_ranges()) {
    json["parameters"].push_back(range_json(range));
  }
  return json.dump();
}

}  // namespace youtu
