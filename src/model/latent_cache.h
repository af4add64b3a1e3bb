// The bytes of the latent cache: what attention needs of every past token, 576 values a layer for
// the 2B model.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "model/model_config.h"

namespace youtu {

// [layer][block], each block as LatentLayer describes. Knows no sequences: blocks are handed out by
// src/cache, slots named by the step's slot_mapping. Owned by whoever runs steps.
class LatentCache {
 public:
  static Result<LatentCache> create(const ModelConfig& config, CacheDType dtype, int32_t num_blocks,
                                    Backend& backend);

  // Bytes of one block over all layers.
  static int64_t block_bytes(const ModelConfig& config, CacheDType dtype);

  int32_t num_blocks() const { return num_blocks_; }
  CacheDType dtype() const { return shape_.dtype; }
  int64_t bytes() const { return static_cast<int64_t>(buffer_.size()); }
  LatentLayer layer(int32_t index);

 private:
  LatentCache() = default;

  Buffer buffer_;
  LatentLayer shape_;  // of each layer; its data is layer 0
  int64_t layer_bytes_ = 0;
  int32_t num_blocks_ = 0;
};

}  // namespace youtu
