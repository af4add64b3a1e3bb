#include "server/sampling_fields.h"

#include "base/check.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>

namespace youtu {

namespace {

using Member =
    std::variant<double SamplingParams::*, int64_t SamplingParams::*, bool SamplingParams::*,
                 LoopGuard SamplingParams::*, std::optional<uint64_t> SamplingParams::*,
                 std::vector<std::string> SamplingParams::*>;

struct SamplingField {
  std::string_view name;
  std::string_view alias;  // may be empty
  Member member;
};

constexpr std::array<SamplingField, 13> kFields = {{
    {"temperature", "", &SamplingParams::temperature},
    {"top_k", "", &SamplingParams::top_k},
    {"top_p", "", &SamplingParams::top_p},
    {"min_p", "", &SamplingParams::min_p},
    {"max_new_tokens", "max_tokens", &SamplingParams::max_new_tokens},
    {"repetition_penalty", "", &SamplingParams::repetition_penalty},
    {"presence_penalty", "", &SamplingParams::presence_penalty},
    {"frequency_penalty", "", &SamplingParams::frequency_penalty},
    {"no_repeat_ngram_size", "", &SamplingParams::no_repeat_ngram_size},
    {"seed", "", &SamplingParams::seed},
    {"stop", "", &SamplingParams::stop},
    {"ignore_eos", "", &SamplingParams::ignore_eos},
    {"loop_guard", "", &SamplingParams::loop_guard},
}};

constexpr std::array<std::string_view, 3> kLoopGuards = {"off", "report", "stop"};

std::string_view to_string(LoopGuard guard) {
  return kLoopGuards[static_cast<size_t>(guard)];
}

Status wrong_type(std::string_view name, std::string_view expected) {
  return Status::invalid_argument(std::string(name) + " must be " + std::string(expected),
                                  std::string(name), "type");
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

// The name under which the client gave the field; empty if it did not.
Result<std::string_view> spelling(const Json& body, const SamplingField& field) {
  const auto given = [&body](std::string_view name) {
    const auto found = body.find(name);
    return !name.empty() && found != body.end() && !found->is_null();
  };
  if (given(field.name) && given(field.alias)) {
    return Status::invalid_argument(
        std::string(field.alias) + " and " + std::string(field.name) + " are the same thing",
        std::string(field.alias), "given_twice");
  }
  if (given(field.name)) return field.name;
  return given(field.alias) ? field.alias : std::string_view();
}

}  // namespace

bool is_sampling_field(std::string_view name) {
  for (const SamplingField& field : kFields) {
    if (name == field.name || (!field.alias.empty() && name == field.alias)) return true;
  }
  return false;
}

Status read_sampling_fields(const Json& body, SamplingParams& params) {
  std::string_view length_field = "max_new_tokens";
  for (const SamplingField& field : kFields) {
    const Result<std::string_view> name = spelling(body, field);
    RETURN_IF_ERROR(name);
    if (name->empty()) continue;
    if (field.name == length_field) length_field = *name;
    const Json& value = *body.find(*name);
    RETURN_IF_ERROR(
        std::visit([&](auto member) { return read(*name, value, params.*member); }, field.member));
  }
  const Status status = validate(params);
  if (status.is_ok() || status.param() != "max_new_tokens" || length_field == "max_new_tokens")
    return status;
  return {status.code(), std::string(length_field) + status.message().substr(status.param().size()),
          std::string(length_field), status.reason()};
}

OrderedJson sampling_fields(const SamplingParams& params) {
  OrderedJson json;
  for (const SamplingField& field : kFields) {
    std::visit(
        [&](auto member) {
          const auto& value = params.*member;
          if constexpr (std::is_same_v<decltype(value), const std::optional<uint64_t>&>) {
            if (value) json[std::string(field.name)] = *value;
          } else if constexpr (std::is_same_v<decltype(value), const LoopGuard&>) {
            json[std::string(field.name)] = to_string(value);
          } else {
            json[std::string(field.name)] = value;
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
    const std::string_view otherwise = field.name == "seed" ? "drawn" : "preset";
    json[std::string(field.name)] = is_given ? "request" : otherwise;
  }
  return json;
}

}  // namespace youtu
