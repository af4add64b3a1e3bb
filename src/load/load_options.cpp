#include "load/load_options.h"

#include <array>
#include <charconv>
#include <utility>

namespace youtu::load {

namespace {

constexpr std::array<std::pair<LoadApi, std::string_view>, 3> kApis = {
    {{LoadApi::kNative, "native"},
     {LoadApi::kOpenAi, "openai"},
     {LoadApi::kOpenAiChat, "openai-chat"}}};

constexpr double kMaxObjectiveMs = 1e9;

}  // namespace

std::string_view to_string(LoadApi api) {
  return kApis[static_cast<size_t>(api)].second;
}

std::optional<LoadApi> find_load_api(std::string_view name) {
  for (const auto& [api, its_name] : kApis) {
    if (its_name == name) return api;
  }
  return std::nullopt;
}

Status add_objective(std::string_view text, Slo& slo) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view number =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  std::optional<double>* objective = name == "ttft"   ? &slo.ttft_ms
                                     : name == "tpot" ? &slo.tpot_ms
                                     : name == "e2el" ? &slo.e2el_ms
                                                      : nullptr;
  double ms = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), ms);
  const bool is_number = error == std::errc() && end == number.data() + number.size();
  if (!objective || !is_number || !(ms > 0 && ms <= kMaxObjectiveMs)) {
    return Status::invalid_argument(
        "--goodput \"" + std::string(text.substr(0, 64)) +
            "\" (ttft, tpot or e2el, a colon and milliseconds: ttft:500)",
        "--goodput");
  }
  if (objective->has_value()) {
    return Status::invalid_argument("--goodput has " + std::string(name) + " twice", "--goodput");
  }
  *objective = ms;
  return Status::ok();
}

}  // namespace youtu::load
