#include "sampling_settings.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/nearest_name.h"

namespace youtu {

namespace {

using Field =
    std::variant<std::optional<double> SamplingFlags::*, std::optional<int64_t> SamplingFlags::*,
                 std::optional<uint64_t> SamplingFlags::*,
                 std::optional<LoopGuard> SamplingFlags::*,
                 std::vector<std::string> SamplingFlags::*>;

const std::vector<std::pair<std::string, Field>>& fields() {
  static const std::vector<std::pair<std::string, Field>> all = {
      {"temperature", &SamplingFlags::temperature},
      {"top_k", &SamplingFlags::top_k},
      {"top_p", &SamplingFlags::top_p},
      {"min_p", &SamplingFlags::min_p},
      {"repetition_penalty", &SamplingFlags::repetition_penalty},
      {"presence_penalty", &SamplingFlags::presence_penalty},
      {"frequency_penalty", &SamplingFlags::frequency_penalty},
      {"no_repeat_ngram_size", &SamplingFlags::no_repeat_ngram_size},
      {"max_new_tokens", &SamplingFlags::max_new_tokens},
      {"thinking_token_budget", &SamplingFlags::thinking_token_budget},
      {"seed", &SamplingFlags::seed},
      {"stop", &SamplingFlags::stop},
      {"loop_guard", &SamplingFlags::loop_guard},
  };
  return all;
}

constexpr std::array<std::pair<std::string_view, LoopGuard>, 3> kGuards = {
    {{"off", LoopGuard::kOff}, {"report", LoopGuard::kReport}, {"stop", LoopGuard::kStop}}};

Status no_value(std::string_view name, std::string_view value, std::string_view wanted) {
  return Status::invalid_argument(
      fmt::format("{} is \"{}\" ({})", name, value.substr(0, 64), wanted), std::string(name));
}

template <typename Number>
Status set_number(std::optional<Number>& field, std::string_view name, std::string_view value) {
  Number number{};
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || rest != end) return no_value(name, value, "a number, or default");
  field = number;
  return Status::ok();
}

Status set_field(SamplingFlags& flags, const Field& field, std::string_view name,
                 std::string_view value) {
  return std::visit(
      [&](auto member) {
        auto& target = flags.*member;
        using Target = std::decay_t<decltype(target)>;
        if (value == "default") {
          target = {};
          return Status::ok();
        }
        if constexpr (std::is_same_v<Target, std::vector<std::string>>) {
          target.emplace_back(value);
          return Status::ok();
        } else if constexpr (std::is_same_v<Target, std::optional<LoopGuard>>) {
          for (const auto& [word, guard] : kGuards) {
            if (word != value) continue;
            target = guard;
            return Status::ok();
          }
          return no_value(name, value, "off, report, stop or default");
        } else {
          return set_number(target, name, value);
        }
      },
      field);
}

std::string text_of(LoopGuard guard) {
  for (const auto& [word, value] : kGuards) {
    if (value == guard) return std::string(word);
  }
  UNREACHABLE();
}

}  // namespace

const std::vector<std::string>& sampling_setting_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, field] : fields()) all.push_back(name);
    return all;
  }();
  return names;
}

Status set_sampling(SamplingFlags& flags, std::string_view name, std::string_view value) {
  for (const auto& [known, field] : fields()) {
    if (known != name) continue;
    SamplingFlags changed = flags;
    RETURN_IF_ERROR(set_field(changed, field, name, value));
    RETURN_IF_ERROR(sampling_params(changed));  // ranges
    flags = std::move(changed);
    return Status::ok();
  }
  const std::vector<std::string_view> names(sampling_setting_names().begin(),
                                            sampling_setting_names().end());
  const std::string_view nearest = nearest_name(name, names);
  return Status::invalid_argument(
      fmt::format("there is no {}{}", name.substr(0, 64),
                  nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest)),
      std::string(name.substr(0, 64)));
}

std::string sampling_value(const SamplingParams& params, std::string_view name) {
  if (name == "temperature") return fmt::format("{}", params.temperature);
  if (name == "top_k") return fmt::format("{}", params.top_k);
  if (name == "top_p") return fmt::format("{}", params.top_p);
  if (name == "min_p") return fmt::format("{}", params.min_p);
  if (name == "repetition_penalty") return fmt::format("{}", params.repetition_penalty);
  if (name == "presence_penalty") return fmt::format("{}", params.presence_penalty);
  if (name == "frequency_penalty") return fmt::format("{}", params.frequency_penalty);
  if (name == "no_repeat_ngram_size") return fmt::format("{}", params.no_repeat_ngram_size);
  if (name == "max_new_tokens") return fmt::format("{}", params.max_new_tokens);
  if (name == "thinking_token_budget") return fmt::format("{}", params.thinking_token_budget);
  if (name == "seed") return params.seed ? fmt::format("{}", *params.seed) : "a fresh one";
  if (name == "loop_guard") return text_of(params.loop_guard);
  CHECK(name == "stop");
  std::string all;
  for (const std::string& text : params.stop) all += (all.empty() ? "" : ", ") + text;
  return all.empty() ? "none" : all;
}

std::vector<std::pair<std::string, std::string>> set_over_preset(const SamplingFlags& flags) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, field] : fields()) {
    std::visit(
        [&](auto member) {
          const auto& value = flags.*member;
          using Value = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
            for (const std::string& text : value) found.emplace_back(name, text);
          } else if constexpr (std::is_same_v<Value, std::optional<LoopGuard>>) {
            if (value) found.emplace_back(name, text_of(*value));
          } else {
            if (value) found.emplace_back(name, fmt::format("{}", *value));
          }
        },
        field);
  }
  return found;
}

}  // namespace youtu
