// safetensors: eight bytes of length, a JSON header, and the tensors' bytes without a gap.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "formats/model_folder.h"
#include "formats/tensor_source.h"
#include "youtu/status.h"

namespace youtu {

// One file. The views point into `file` and are in the order of their bytes.
Result<std::vector<TensorView>> parse_safetensors(ByteSpan file);

// model.safetensors of a folder, or the shards that model.safetensors.index.json names. Errors name
// the file.
Result<std::unique_ptr<TensorSource>> open_safetensors(const ModelFolder& folder,
                                                       std::vector<std::string>& warnings);

}  // namespace youtu
