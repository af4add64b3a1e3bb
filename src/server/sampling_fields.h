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

bool is_sampling_field(std::string_view name);
// All of them, with what others call them.
std::vector<std::string_view> sampling_field_names();

// Sets the fields that `body` has; null is the same as absent. An error names the field as the
// client spelled it. REQUIRES: `body` is an object.
Status read_sampling_fields(const Json& body, SamplingParams& params);

OrderedJson sampling_fields(const SamplingParams& params);

// For each of the fields above where its value came from: "request", or "preset". A seed that the
// request did not give was "drawn". REQUIRES: `body` is an object.
OrderedJson sampling_sources(const Json& body);

}  // namespace youtu
