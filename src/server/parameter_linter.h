// What is odd about a request's parameters: names that mean nothing here, values that have no
// effect, and combinations that are known to damage this model's answers. The request is served all
// the same, and told; or refused, where the server or the request is strict.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

struct ParameterWarning {
  enum class Kind { kUnknown, kWithoutEffect, kHazard };
  Kind kind = Kind::kUnknown;
  std::string param;  // as the client spelled it
  std::string message;
};

// What a linter must know beside the parameters themselves.
struct ParameterContext {
  std::span<const std::string_view> known_fields;
  std::span<const std::string_view> unused_fields;  // of other servers; accepted, without effect
  bool has_format = false;                          // the answer has to be JSON, or calls tools
  bool enable_thinking = false;
  bool has_max_tokens = true;  // else the answer may fill the context
  bool is_strict = false;      // where the request's "strict" does not say
};

// In the order unknown, without effect, hazards; where they are to be refused, the first but
// hazards is an error. REQUIRES: `body` is an object.
Result<std::vector<ParameterWarning>> lint_parameters(const Json& body,
                                                      const SamplingParams& params,
                                                      const ParameterContext& context);

// A list of {"param", "code", "message"}.
OrderedJson warnings_json(std::span<const ParameterWarning> warnings);

}  // namespace youtu
