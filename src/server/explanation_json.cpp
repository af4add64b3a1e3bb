#include "server/explanation_json.h"

#include <cmath>

#include "base/utf8.h"

namespace youtu {
namespace {

// To six digits: a float has no more to say.
double six_digits(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

// Replacement characters where it is no whole character.
void add_token(OrderedJson& json, TokenId token, const Tokenizer& tokenizer) {
  json["token"] = replace_invalid_utf8(tokenizer.token_bytes(token));
  json["id"] = token;
}

OrderedJson candidate_json(const TokenExplanation& explanation, const ExplainedCandidate& candidate,
                           const Tokenizer& tokenizer) {
  OrderedJson json;
  add_token(json, candidate.token, tokenizer);
  json["logprob"] = six_digits(candidate.logprob);
  json["probability"] = six_digits(explanation.probability(candidate));
  const bool is_left = candidate.removed_by < 0;
  const int32_t num_left = is_left ? explanation.num_stages : candidate.removed_by;
  json["probabilities"] = OrderedJson::array();
  for (int32_t i = 0; i < num_left; ++i) {
    json["probabilities"].push_back(six_digits(candidate.probabilities[static_cast<size_t>(i)]));
  }
  json["removed_by"] = nullptr;
  if (!is_left) {
    const StageReport& by = explanation.stages()[static_cast<size_t>(candidate.removed_by)];
    json["removed_by"] = to_string(by.stage);
  }
  return json;
}

}  // namespace

OrderedJson explanation_json(const TokenExplanation& explanation, const Tokenizer& tokenizer) {
  OrderedJson json;
  add_token(json, explanation.drawn, tokenizer);
  json["stages"] = OrderedJson::array();
  for (const StageReport& report : explanation.stages()) {
    json["stages"].push_back({{"name", to_string(report.stage)}, {"left", report.num_left}});
  }
  json["candidates"] = OrderedJson::array();
  for (const ExplainedCandidate& candidate : explanation.candidates()) {
    json["candidates"].push_back(candidate_json(explanation, candidate, tokenizer));
  }
  return json;
}

}  // namespace youtu
