// What the two readers of a configuration share.
#pragma once

#include "model/model_config.h"

namespace youtu {

// Fields that are each in range may still be too large together.
Status check_config(const ModelConfig& config);

}  // namespace youtu
