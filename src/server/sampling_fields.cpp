#include "server/sampling_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <system_error>
#include <variant>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {

namespace {

using Member =
    std::variant<double SamplingParams::*, int64_t SamplingParams::*, bool SamplingParams::*,
                 LoopGuard SamplingParams::*, std::optional<uint64_t> SamplingParams::*,
                 std::vector<std::string> SamplingParams::*, std::vector<TokenId> SamplingParams::*,
                 std::vector<LogitBias> SamplingParams::*>;

struct SamplingField {
  std::array<std::string_view, 4> names;  // ours, then what others call it; empty ones at the end
  Member member;

  std::string_view name() const { return names[0]; }
};

constexpr std::array<SamplingField, 18> kFields = {{
    {{"temperature"}, &SamplingParams::temperature},
    {{"top_k"}, &SamplingParams::top_k},
    {{"top_p"}, &SamplingParams::top_p},
    {{"min_p"}, &SamplingParams::min_p},
    {{"max_new_tokens", "max_tokens", "max_completion_tokens", "max_output_tokens"},
     &SamplingParams::max_new_tokens},
    {{"min_new_tokens", "min_tokens"}, &SamplingParams::min_new_tokens},
    {{"repetition_penalty"}, &SamplingParams::repetition_penalty},
    {{"presence_penalty"}, &SamplingParams::presence_penalty},
    {{"frequency_penalty"}, &SamplingParams::frequency_penalty},
    {{"no_repeat_ngram_size"}, &SamplingParams::no_repeat_ngram_size},
    {{"logit_bias"}, &SamplingParams::logit_bias},
    {{"seed"}, &SamplingParams::seed},
    {{"stop"}, &SamplingParams::stop},
    {{"include_stop", "include_stop_str_in_output"}, &SamplingParams::include_stop},
    {{"stop_token_ids"}, &SamplingParams::stop_token_ids},
    {{"ignore_eos"}, &SamplingParams::ignore_eos},
    {{"loop_guard"}, &SamplingParams::loop_guard},
    {{"thinking_token_budget", "reasoning_budget", "reasoning_budget_tokens",
      "thinking_budget_tokens"},
     &SamplingParams::thinking_token_budget},
}};

constexpr std::array<std::string_view, 3> kLoopGuards = {"off", "report", "stop"};

std::string_view to_string(LoopGuard guard) {
  return kLoopGuards[static_cast<size_t>(guard)];
}

Status wrong_type(std::string_view name, std::string_view expected) {
  return youtu::wrong_type(std::string(name), expected);
}
Status out_of_range(std::string_view name, std::string_view range) {
  return Status::invalid_argument(
      std::string(name) + " is out of range (" + std::string(range) + ")", std::string(name),
      "out_of_range");
}

// JSON knows numbers only; 40.0 is an integer as much as 40 is. Beyond 2^53 a double no longer says
// which one.
std::optional<int64_t> whole_number(double value) {
  constexpr double kLargest = 9007199254740992.0;
  if (std::trunc(value) != value || std::abs(value) > kLargest) return std::nullopt;
  return static_cast<int64_t>(value);
}

Status read(std::string_view name, const Json& value, double& out) {
  if (!value.is_number()) return wrong_type(name, "a number");
  out = value.get<double>();
  return Status::ok();
}

Status read(std::string_view name, const Json& value, int64_t& out) {
  if (!value.is_number()) return wrong_type(name, "an integer");
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) != number) return wrong_type(name, "an integer");
    const std::optional<int64_t> whole = whole_number(number);
    if (!whole) return out_of_range(name, "an integer of 64 bits");
    out = *whole;
    return Status::ok();
  }
  if (value.is_number_unsigned() && value.get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
    return out_of_range(name, "an integer of 64 bits");
  }
  out = value.get<int64_t>();
  return Status::ok();
}

Status read(std::string_view name, const Json& value, bool& out) {
  if (!value.is_boolean()) return wrong_type(name, "true or false");
  out = value.get<bool>();
  return Status::ok();
}

Status read(std::string_view name, const Json& value, LoopGuard& out) {
  for (size_t i = 0; i < kLoopGuards.size(); ++i) {
    if (!value.is_string() || value.get_ref<const std::string&>() != kLoopGuards[i]) continue;
    out = static_cast<LoopGuard>(i);
    return Status::ok();
  }
  return Status::invalid_argument(std::string(name) + " must be \"off\", \"report\" or \"stop\"",
                                  std::string(name), "out_of_range");
}

Status read(std::string_view name, const Json& value, std::optional<uint64_t>& out) {
  if (!value.is_number()) return wrong_type(name, "an integer");
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) != number) return wrong_type(name, "an integer");
    const std::optional<int64_t> whole = whole_number(number);
    if (!whole || *whole < 0) return out_of_range(name, "0 to 18446744073709551615");
    out = static_cast<uint64_t>(*whole);
    return Status::ok();
  }
  // What is not negative, the parser stores as unsigned.
  if (!value.is_number_unsigned()) return out_of_range(name, "0 to 18446744073709551615");
  out = value.get<uint64_t>();
  return Status::ok();
}

Status read(std::string_view name, const Json& value, std::vector<std::string>& out) {
  out.clear();
  if (value.is_string()) {
    out.push_back(value.get<std::string>());
    return Status::ok();
  }
  if (!value.is_array()) return wrong_type(name, "a string or a list of strings");
  if (value.size() > kMaxStopStrings)
    return out_of_range(name, "at most " + std::to_string(kMaxStopStrings) + " strings");
  for (const Json& item : value) {
    if (!item.is_string()) return wrong_type(name, "a string or a list of strings");
    out.push_back(item.get<std::string>());
  }
  return Status::ok();
}

Result<TokenId> read_token(std::string_view name, const Json& value) {
  int64_t token = 0;
  RETURN_IF_ERROR(read(name, value, token));
  if (token < 0 || token > std::numeric_limits<TokenId>::max()) {
    return out_of_range(name, "token ids");
  }
  return static_cast<TokenId>(token);
}

Status read(std::string_view name, const Json& value, std::vector<TokenId>& out) {
  out.clear();
  if (!value.is_array()) return wrong_type(name, "a list of token ids");
  if (value.size() > kMaxStopTokenIds)
    return out_of_range(name, "at most " + std::to_string(kMaxStopTokenIds) + " tokens");
  for (const Json& item : value) {
    const Result<TokenId> token = read_token(name, item);
    RETURN_IF_ERROR(token);
    out.push_back(*token);
  }
  return Status::ok();
}

// {"15339": -100}: JSON has no other keys than texts.
Status read(std::string_view name, const Json& value, std::vector<LogitBias>& out) {
  out.clear();
  if (!value.is_object()) return wrong_type(name, "an object of token ids and numbers");
  if (value.size() > kMaxLogitBiases)
    return out_of_range(name, "at most " + std::to_string(kMaxLogitBiases) + " tokens");
  for (const auto& [key, bias] : value.items()) {
    LogitBias one;
    const char* end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data(), end, one.token);
    if (error != std::errc() || rest != end || one.token < 0) {
      return wrong_type(name, "an object of token ids and numbers");
    }
    RETURN_IF_ERROR(read(name, bias, one.bias));
    out.push_back(one);
  }
  return Status::ok();
}

// The name under which the client gave the field; empty if it did not.
Result<std::string_view> spelling(const Json& body, const SamplingField& field) {
  std::string_view given;
  for (const std::string_view name : field.names) {
    if (name.empty() || !find_field(body, name)) continue;
    if (!given.empty()) {
      return Status::invalid_argument(
          std::string(name) + " and " + std::string(given) + " are the same thing",
          std::string(name), "given_twice");
    }
    given = name;
  }
  return given;
}

OrderedJson to_json(const std::vector<LogitBias>& biases) {
  OrderedJson json = OrderedJson::object();
  for (const LogitBias& one : biases) json[std::to_string(one.token)] = one.bias;
  return json;
}

// An error of validate() under the name that the client used.
Status renamed(const Status& status, std::string_view name) {
  return {status.code(), std::string(name) + status.message().substr(status.param().size()),
          std::string(name), status.reason()};
}

}  // namespace

std::vector<std::string_view> sampling_field_names() {
  std::vector<std::string_view> names;
  for (const SamplingField& field : kFields) {
    for (const std::string_view name : field.names) {
      if (!name.empty()) names.push_back(name);
    }
  }
  return names;
}

Result<const SamplingPreset*> find_named_preset(const std::string& name, const std::string& param) {
  if (const SamplingPreset* preset = find_sampling_preset(name)) return preset;
  std::string names;
  for (const SamplingPreset& known : sampling_presets()) {
    names.append(names.empty() ? "" : ", ").append(known.name);
  }
  return Status::invalid_argument(param + " must be one of " + names, param, "unknown_preset");
}

Status read_sampling_fields(const Json& body, SamplingParams& params) {
  std::map<std::string_view, std::string_view> spellings;
  for (const SamplingField& field : kFields) {
    const Result<std::string_view> name = spelling(body, field);
    RETURN_IF_ERROR(name);
    if (name->empty()) continue;
    spellings[field.name()] = *name;
    const Json& value = *body.find(*name);
    RETURN_IF_ERROR(
        std::visit([&](auto member) { return read(*name, value, params.*member); }, field.member));
  }
  const Status status = validate(params);
  const auto spelled = spellings.find(status.param());
  return status.is_ok() || spelled == spellings.end() ? status : renamed(status, spelled->second);
}

Status read_sampling_fields(const Json& body, double max_temperature, SamplingParams& params) {
  RETURN_IF_ERROR(read_sampling_fields(body, params));
  if (params.temperature <= max_temperature || !find_field(body, "temperature")) {
    return Status::ok();
  }
  return out_of_range("temperature", fmt::format("0 to {}", max_temperature));
}

bool has_max_tokens(const Json& body) {
  const auto is_length = [](const SamplingField& field) {
    return field.name() == "max_new_tokens";
  };
  const SamplingField& length = *std::find_if(kFields.begin(), kFields.end(), is_length);
  return std::any_of(length.names.begin(), length.names.end(),
                     [&body](std::string_view name) { return find_field(body, name); });
}

OrderedJson sampling_fields(const SamplingParams& params) {
  OrderedJson json;
  for (const SamplingField& field : kFields) {
    std::visit(
        [&](auto member) {
          const auto& value = params.*member;
          if constexpr (std::is_same_v<decltype(value), const std::optional<uint64_t>&>) {
            if (value) json[std::string(field.name())] = *value;
          } else if constexpr (std::is_same_v<decltype(value), const LoopGuard&>) {
            json[std::string(field.name())] = to_string(value);
          } else if constexpr (std::is_same_v<decltype(value), const std::vector<LogitBias>&>) {
            if (!value.empty()) json[std::string(field.name())] = to_json(value);
          } else {
            json[std::string(field.name())] = value;
          }
        },
        field.member);
  }
  return json;
}

OrderedJson sampling_sources(const Json& body) {
  OrderedJson json;
  for (const SamplingField& field : kFields) {
    const Result<std::string_view> name = spelling(body, field);
    const bool is_given = name.is_ok() && !name->empty();
    const std::string_view otherwise = field.name() == "seed" ? "drawn" : "preset";
    json[std::string(field.name())] = is_given ? "request" : otherwise;
  }
  return json;
}

}  // namespace youtu
