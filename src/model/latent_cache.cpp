#include "model/latent_cache.h"

#include "base/check.h"

namespace youtu {

namespace {

LatentLayer shape_of(const ModelConfig& config, CacheDType dtype) {
  return {.data = nullptr,
          .dtype = dtype,
          .latent_dim = config.kv_lora_rank,
          .rope_dim = config.qk_rope_head_dim};
}

}  // namespace

int64_t LatentCache::block_bytes(const ModelConfig& config, CacheDType dtype) {
  return shape_of(config, dtype).block_bytes() * config.num_hidden_layers;
}

Result<LatentCache> LatentCache::create(const ModelConfig& config, CacheDType dtype,
                                        int32_t num_blocks, Backend& backend) {
  CHECK(num_blocks > 0);
  LatentCache cache;
  cache.num_blocks_ = num_blocks;
  cache.shape_ = shape_of(config, dtype);
  cache.layer_bytes_ = cache.shape_.block_bytes() * num_blocks;
  auto buffer = backend.allocate(static_cast<size_t>(cache.layer_bytes_) *
                                 static_cast<size_t>(config.num_hidden_layers));
  if (!buffer) return buffer.status().with_prefix("latent cache: ");
  cache.buffer_ = std::move(*buffer);
  return cache;
}

LatentLayer LatentCache::layer(int32_t index) {
  LatentLayer layer = shape_;
  layer.data = buffer_.data() + index * layer_bytes_;
  return layer;
}

}  // namespace youtu
