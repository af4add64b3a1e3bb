#include "server/openai/request_fields.h"

#include <array>
#include <span>
#include <string>

#include "base/check.h"
#include "server/format_fields.h"
#include "server/json_fields.h"
#include "server/sampling_fields.h"

namespace youtu::openai {

namespace {

constexpr double kMaxTemperature = 2;  // OpenAI's; the native API takes hotter ones

Status read_model(const Json& body, std::string& model) {
  const auto found = body.find("model");
  if (found == body.end() || found->is_null()) {
    return Status::invalid_argument("model is missing (GET /v1/models lists the names)", "model",
                                    "missing_required_parameter");
  }
  if (!found->is_string()) return wrong_type("model", "a string");
  model = found->get<std::string>();
  return Status::ok();
}

Status read_preset(const Json& body, std::string_view otherwise, CommonFields& fields) {
  Result<std::optional<std::string>> name = read_text(body, "preset");
  RETURN_IF_ERROR(name);
  fields.preset = name->value_or(std::string(otherwise));
  const Result<const SamplingPreset*> preset = find_named_preset(fields.preset, "preset");
  RETURN_IF_ERROR(preset);
  fields.sampling = (*preset)->params;
  return Status::ok();
}

// n, and the old best_of, which here can only be the same.
Status read_num_choices(const Json& body, int64_t& num_choices) {
  const Result<std::optional<int64_t>> n = read_count(body, "n", kMaxChoices);
  RETURN_IF_ERROR(n);
  num_choices = n->value_or(1);
  if (num_choices == 0) {
    return Status::invalid_argument("n is 0 (1 to " + std::to_string(kMaxChoices) + ")", "n",
                                    "out_of_range");
  }
  const Result<std::optional<int64_t>> best_of = read_count(body, "best_of", kMaxChoices);
  RETURN_IF_ERROR(best_of);
  if (*best_of && **best_of != num_choices) {
    return Status::invalid_argument("best_of must be n: all answers are sent", "best_of",
                                    "unsupported_value");
  }
  return Status::ok();
}

Status read_stream(const Json& body, CommonFields& fields) {
  RETURN_IF_ERROR(read_flag(body, "stream", fields.stream));
  const Json* options = find_field(body, "stream_options");
  if (!options) return Status::ok();
  if (!options->is_object()) return wrong_type("stream_options", "an object");
  if (!fields.stream) {
    return Status::invalid_argument("stream_options has a meaning only with stream",
                                    "stream_options", "invalid_value");
  }
  const Json* include_usage = find_field(*options, "include_usage");
  if (!include_usage) return Status::ok();
  if (!include_usage->is_boolean()) {
    return wrong_type("stream_options.include_usage", "true or false");
  }
  fields.include_usage = include_usage->get<bool>();
  return Status::ok();
}

Status read_sources(const Json& body, CommonFields& fields) {
  bool explain = false;
  RETURN_IF_ERROR(read_flag(body, "explain", explain));
  if (!explain) return Status::ok();
  OrderedJson sources;
  sources["preset"] = find_field(body, "preset") ? "request" : "config";
  sources.update(sampling_sources(body));
  if (!fields.has_max_tokens) sources["max_new_tokens"] = "context";
  fields.sources = sources.dump();
  return Status::ok();
}

}  // namespace

Status read_common_fields(const Json& body, std::string_view text, std::string_view preset,
                          CommonFields& fields) {
  RETURN_IF_ERROR(read_model(body, fields.model));
  RETURN_IF_ERROR(read_preset(body, preset, fields));
  RETURN_IF_ERROR(read_sampling_fields(body, kMaxTemperature, fields.sampling));
  fields.has_max_tokens = has_max_tokens(body);
  RETURN_IF_ERROR(read_num_choices(body, fields.num_choices));
  RETURN_IF_ERROR(read_stream(body, fields));
  RETURN_IF_ERROR(read_flag(body, "skip_special_tokens", fields.skip_special_tokens));
  RETURN_IF_ERROR(read_flag(body, "return_token_ids", fields.return_token_ids));
  RETURN_IF_ERROR(read_flag(body, "timings", fields.wants_timings));
  RETURN_IF_ERROR(read_scheduling_fields(body, fields.scheduling));
  Result<std::optional<OutputFormat>> format = read_format_fields(body, text);
  RETURN_IF_ERROR(format);
  fields.output_format = *std::move(format);
  return read_sources(body, fields);
}

std::vector<std::string_view> common_field_names() {
  static constexpr std::array<std::string_view, 18> kFields = {"model",
                                                               "preset",
                                                               "n",
                                                               "best_of",
                                                               "stream",
                                                               "stream_options",
                                                               "skip_special_tokens",
                                                               "return_token_ids",
                                                               "timings",
                                                               "explain",
                                                               "cache_salt",
                                                               "priority",
                                                               "speculation",
                                                               "prediction",
                                                               "timeout_ms",
                                                               "ttft_slo_ms",
                                                               "logprobs",
                                                               "strict"};
  std::vector<std::string_view> names = sampling_field_names();
  for (const std::span<const std::string_view> more :
       {std::span<const std::string_view>(kFields), format_field_names()}) {
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

std::vector<std::string_view> unused_field_names() {
  return {"user",
          "store",
          "metadata",
          "service_tier",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_retention",
          "verbosity"};
}

}  // namespace youtu::openai
