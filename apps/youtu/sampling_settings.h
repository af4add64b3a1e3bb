// The sampling flags by name, for whoever changes them one at a time: /set temperature 0.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling_flags.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

// temperature, top_k, ...: as the API's fields are called.
const std::vector<std::string>& sampling_setting_names();

// `value` "default" gives the field back to the preset. Errors name the field, its range, and the
// nearest name to one that there is not.
Status set_sampling(SamplingFlags& flags, std::string_view name, std::string_view value);

// "0.2", or "off" where the field is unset; REQUIRES: a name of sampling_setting_names().
std::string sampling_value(const SamplingParams& params, std::string_view name);

// What was set over the preset: name and value.
std::vector<std::pair<std::string, std::string>> set_over_preset(const SamplingFlags& flags);

}  // namespace youtu
