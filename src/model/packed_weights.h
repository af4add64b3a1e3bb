// Loaded weights as a packed file (formats/packed_file.h).
#pragma once

#include <string>
#include <vector>

#include "formats/open_model.h"
#include "model/model_config.h"
#include "model/weights.h"
#include "youtu/status.h"

namespace youtu {

// The weights as tensors under our own names; views into them.
std::vector<TensorView> packed_tensors(const ModelConfig& config, const Weights& weights);

struct PackedModelOptions {
  std::string path;
  std::string weights;  // the policy that they were loaded with
  std::string key;
  bool full_precision = false;
  bool replaces = false;  // a file that is there
};

// `weights` are those of `opened`, which is no packed file itself.
Status write_packed_model(const OpenedModel& opened, const ModelConfig& config,
                          const Weights& weights, const PackedModelOptions& options);

}  // namespace youtu
