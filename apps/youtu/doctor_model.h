// What `youtu doctor` looks at in the model: its files, and the memory that it would take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/server_config.h"
#include "doctor_report.h"

namespace youtu {

struct ModelFindings {
  Finding files;
  std::optional<Finding> memory;        // none without a model
  std::optional<int64_t> weight_bytes;  // as they would be held
};

// The model of the settings, where it is: nothing is pulled. Reads all of its files.
ModelFindings check_model(const ServerConfig& config);

}  // namespace youtu
