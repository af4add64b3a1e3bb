// What a client needs to offer the presets and a slider for each parameter (GET /presets).
#pragma once

#include <string>
#include <string_view>

namespace youtu {

// {"default":…,"presets":[{"name","description","parameters"}],"parameters":[{"name","type",
// "minimum","maximum","exclusive_minimum","usual_minimum","usual_maximum","step"}]}.
std::string presets_body(std::string_view default_preset);

}  // namespace youtu
