// The sampling parameters as JSON fields: one table of names, aliases and types, used to read a
// request and to report what was in force. The ranges are those of validate() in
// youtu/sampling_params.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

// All of them, with what others call them.
std::vector<std::string_view> sampling_field_names();

// The preset that a request names in the field `param`. An error tells the names that there are.
Result<const SamplingPreset*> find_named_preset(const std::string& name, const std::string& param);

// Sets the fields that `body` has; null is the same as absent. An error names the field as the
// client spelled it. REQUIRES: `body` is an object.
Status read_sampling_fields(const Json& body, SamplingParams& params);

// The same for APIs that have colder temperatures than ours.
Status read_sampling_fields(const Json& body, double max_temperature, SamplingParams& params);
// Whether the body says how long the answer may be. REQUIRES: `body` is an object.
bool has_max_tokens(const Json& body);

OrderedJson sampling_fields(const SamplingParams& params);

// For each of the fields above where its value came from: "request", or "preset". A seed that the
// request did not give was "drawn". REQUIRES: `body` is an object.
OrderedJson sampling_sources(const Json& body);

}  // namespace youtu
