#include "server/scheduling_fields.h"

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {
namespace {

Status read_cache_salt(const Json& value, std::string& salt) {
  if (!value.is_string()) {
    return Status::invalid_argument("cache_salt must be a string", "cache_salt", "type");
  }
  const std::string& text = value.get_ref<const std::string&>();
  // An empty salt would be none, which is hardly what somebody means who gives one.
  if (text.empty()) return Status::invalid_argument("cache_salt is empty", "cache_salt", "empty");
  if (text.size() > kMaxCacheSaltBytes) {
    return Status::invalid_argument("cache_salt has " + std::to_string(text.size()) +
                                        " bytes (at most " + std::to_string(kMaxCacheSaltBytes) +
                                        ")",
                                    "cache_salt", "out_of_range");
  }
  salt = text;
  return Status::ok();
}

Status read_priority(const Json& value, int& priority) {
  if (!value.is_number_integer()) {
    return Status::invalid_argument("priority must be an integer", "priority", "type");
  }
  // As a double, because the parser keeps what is not negative as unsigned.
  const double number = value.get<double>();
  if (number < kMinPriority || number > kMaxPriority) {
    return Status::invalid_argument("priority is " + value.dump() + " (" +
                                        std::to_string(kMinPriority) + " to " +
                                        std::to_string(kMaxPriority) + ")",
                                    "priority", "out_of_range");
  }
  priority = value.get<int>();
  return Status::ok();
}

Status read_milliseconds(const Json& body, const std::string& name,
                         std::chrono::milliseconds& time) {
  const Result<std::optional<int64_t>> count = read_count(body, name, kMaxTimeout.count());
  RETURN_IF_ERROR(count);
  time = std::chrono::milliseconds(count->value_or(0));
  return Status::ok();
}

Status read_prediction(const Json& body, std::string& prediction) {
  Result<std::optional<std::string>> text = read_text(body, "prediction");
  RETURN_IF_ERROR(text);
  prediction = (*std::move(text)).value_or("");
  return Status::ok();
}

}  // namespace

Status read_scheduling_fields(const Json& body, SchedulingFields& fields) {
  if (const Json* salt = find_field(body, "cache_salt")) {
    RETURN_IF_ERROR(read_cache_salt(*salt, fields.cache_salt));
  }
  if (const Json* priority = find_field(body, "priority")) {
    RETURN_IF_ERROR(read_priority(*priority, fields.priority));
  }
  RETURN_IF_ERROR(read_milliseconds(body, "timeout_ms", fields.timeout));
  RETURN_IF_ERROR(read_milliseconds(body, "ttft_slo_ms", fields.ttft_slo));
  RETURN_IF_ERROR(read_flag(body, "speculation", fields.speculation));
  return read_prediction(body, fields.prediction);
}

Status apply_scheduling(const SchedulingFields& fields, const Tokenizer& tokenizer,
                        GenerationRequest& request) {
  request.cache_salt = fields.cache_salt;
  request.priority = fields.priority;
  request.timeout = fields.timeout;
  request.ttft_slo = fields.ttft_slo;
  request.speculation = fields.speculation;
  if (fields.prediction.empty()) return Status::ok();
  Result<std::vector<TokenId>> tokens = tokenizer.encode(fields.prediction, /*trusted=*/false);
  RETURN_IF_ERROR(tokens);
  request.prediction = *std::move(tokens);
  return Status::ok();
}

}  // namespace youtu
