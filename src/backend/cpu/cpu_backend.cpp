#include "backend/cpu/cpu_backend.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_features.h"
#include "backend/registry.h"
#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

void unmap(uint8_t* data, size_t size) {
  ::munmap(data, size);
}

}  // namespace

Result<std::unique_ptr<Backend>> make_cpu_backend(std::string_view isa, ThreadPool& pool,
                                                  MemoryUse memory) {
  auto kernels = select_kernels(isa);
  if (!kernels) return kernels.status();
  return std::unique_ptr<Backend>(std::make_unique<CpuBackend>(**kernels, pool, memory));
}

BackendInfo CpuBackend::info() const {
  return {.name = "cpu", .isa = kernels_.name, .num_threads = pool_.num_threads()};
}

// Buffers follow each other in stretches of large pages. A weight is read once a step, so with
// pages of 4 KB each line of it costs its share of a page walk, which in a virtual machine goes
// through the tables of two systems.
Result<Buffer> CpuBackend::allocate(size_t bytes) {
  constexpr size_t kPageBytes = 4096;
  if (bytes == 0) return Buffer();
  const size_t size = align_up(bytes, kPageBytes);
  if (memory_ == MemoryUse::kMeasured) return Buffer(nullptr, size, unmap);
  if (size > stretch_.size() && !open_stretch(size)) {
    return Status::resource_exhausted("cannot allocate " + std::to_string(bytes >> 20) + " MiB",
                                      "out_of_memory");
  }
  uint8_t* first = stretch_.data();
  stretch_ = stretch_.subspan(size);
  // The kernel hands out zeroed pages; writing to each of them here keeps page faults out of the
  // first steps.
  constexpr size_t kTaskBytes = 4u << 20;
  pool_.parallel_for(static_cast<int>(div_ceil(size, kTaskBytes)), [&](int task, int) {
    const size_t begin = static_cast<size_t>(task) * kTaskBytes;
    for (size_t i = begin; i < std::min(begin + kTaskBytes, size); i += kPageBytes) {
      static_cast<volatile uint8_t*>(first)[i] = 0;
    }
  });
  return Buffer(first, size, unmap);
}

// Maps a stretch for at least `size` bytes, beginning with a large page. What is left of the one
// before is given back; nothing of it was touched.
bool CpuBackend::open_stretch(size_t size) {
  constexpr size_t kLargePage = 2u << 20, kStretchBytes = 64u << 20;
  close_stretch();
  const size_t mapped = std::max(kStretchBytes, align_up(size, kLargePage)) + kLargePage;
  void* data = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return false;
  auto* begin = static_cast<uint8_t*>(data);
  const size_t lead = (kLargePage - reinterpret_cast<uintptr_t>(begin) % kLargePage) % kLargePage;
  if (lead != 0) unmap(begin, lead);
  unmap(begin + lead + mapped - kLargePage, kLargePage - lead);
  stretch_ = {begin + lead, mapped - kLargePage};
  // A wish: where large pages are switched off, all goes on with small ones.
  (void)::madvise(stretch_.data(), stretch_.size(), MADV_HUGEPAGE);
  return true;
}

void CpuBackend::close_stretch() {
  if (!stretch_.empty()) unmap(stretch_.data(), stretch_.size());
  stretch_ = {};
}

Result<int64_t> CpuBackend::reserve(const StepLimits& limits) {
  int64_t bytes = 0;
  for (const Reservation& each : reservations(limits)) {
    auto buffer = allocate(static_cast<size_t>(each.bytes));
    RETURN_IF_ERROR(buffer);
    bytes += static_cast<int64_t>(buffer->size());
    *each.buffer = std::move(*buffer);
  }
  return bytes;
}

std::vector<CpuBackend::Reservation> CpuBackend::reservations(const StepLimits& limits) {
  constexpr int64_t kFloat = sizeof(float);
  const int64_t heads = limits.num_heads;
  const int64_t slot = limits.latent_dim + limits.rope_dim;
  const int64_t head = limits.nope_dim + limits.rope_dim;
  // A worker widens weight rows, or one head's k_b, and holds the attention scores of one tile, or
  // a rope key twice, or a query whose rope part lies there in three parts more, or such parts of a
  // block's rope keys.
  worker_scratch_floats_ = align_up<int64_t>(
      std::max<int64_t>(
          {kWidenedRows * int64_t{widest_row_}, int64_t{limits.latent_dim} * limits.nope_dim,
           int64_t{kQueryTile} * kExpandedBlock, int64_t{kHeadGroup} * kAbsorbedTile,
           head + 3 * limits.rope_dim, int64_t{kBlockSize} * 3 * limits.rope_dim, slot + 4}),
      16);
  std::vector<Reservation> list = {
      {&worker_scratch_, worker_scratch_floats_ * pool_.num_threads() * kFloat},
      {&absorbed_q_, kAbsorbedTokens * heads * slot * kFloat},
      {&absorbed_out_, kAbsorbedTokens * heads * limits.latent_dim * kFloat},
      {&expanded_latents_, kExpandedBlock * slot * kFloat},
      {&expanded_k_, heads * kExpandedBlock * head * kFloat},
      {&expanded_v_, heads * kExpandedBlock * limits.v_dim * kFloat},
      {&softmax_, limits.max_tokens * heads * 2 * kFloat},
      {&normed_, limits.max_tokens * align_up<int64_t>(limits.norm_dim, 16) * kFloat},
  };
  add_integers(limits, list);
  if (has_packed_) add_rounded(limits, list);
  return list;
}

void CpuBackend::add_rounded(const StepLimits& limits, std::vector<Reservation>& list) {
  const int32_t widest_head = std::max(limits.nope_dim, limits.latent_dim);
  worker_rounded_bytes_ = kAbsorbedTokens * rounded_row_bytes(widest_head);
  // Inputs of matrix products, or a stretch of context that is expanded.
  list.push_back(
      {&rounded_, std::max(limits.max_tokens, kExpandedBlock) * rounded_row_bytes(widest_row_)});
  list.push_back({&worker_panels_, int64_t{kPackedScratchBytes} * pool_.num_threads()});
  list.push_back({&worker_rounded_, worker_rounded_bytes_ * pool_.num_threads()});
  list.push_back({&rounded_out_, limits.num_heads * rounded_head_bytes(limits.latent_dim)});
}

void CpuBackend::embed(const Weight& table, Activation out) {
  for_each_row(out.rows, [&](int32_t t) { widen_row(table, batch_->token_ids[t], out.row(t)); });
}

// A row at a time: all of it is small, and each pass over all rows would wait for all threads.
void CpuBackend::rotate_and_store(const FreshTokens& tokens) {
  const LatentLayer& cache = tokens.cache;
  DCHECK(tokens.gain->dtype == DType::kF32 && tokens.gain->cols == cache.latent_dim);
  const auto* gains = reinterpret_cast<const float*>(tokens.gain->bytes.data());
  const int32_t head_dim = tokens.q.cols / tokens.num_heads;
  for_each_row(tokens.latents.rows, [&](int32_t t, int worker) {
    fetch_block(t, cache);
    float* latent = tokens.latents.row(t);
    kernels_.rms_norm(latent, gains, cache.latent_dim, tokens.eps, latent);
    rotate(tokens.rope, t, latent + cache.latent_dim);
    float* rope = tokens.q.row(t) + head_dim - tokens.rope.rotary_dim;
    for (int32_t n = 0; n < tokens.num_heads; ++n) {
      rotate(tokens.rope, t, rope + int64_t{n} * head_dim);
    }
    store_row(latent, t, cache, worker);
  });
}

// A token has some bytes in every line of its block of integers, and attention reads them all.
void CpuBackend::fetch_block(int32_t token, const LatentLayer& cache) const {
  if (cache.dtype != CacheDType::kInt8) return;
  const int32_t slot = batch_->slot_mapping[static_cast<size_t>(token)];
  const uint8_t* block = cache.block(slot / kBlockSize);
  for (int64_t line = 0; line < cache.block_bytes(); line += kLineBytes) {
    __builtin_prefetch(block + line, 1);
  }
}

void CpuBackend::store_latent(Activation latents, const LatentLayer& cache) {
  for_each_row(latents.rows,
               [&](int32_t t, int worker) { store_row(latents.row(t), t, cache, worker); });
}

// Uses the worker's scratch.
void CpuBackend::store_row(const float* latent, int32_t token, const LatentLayer& cache,
                           int worker) {
  const int32_t slot = batch_->slot_mapping[static_cast<size_t>(token)];
  const int32_t cols = cache.latent_dim + cache.rope_dim;
  switch (cache.dtype) {
    case CacheDType::kInt8:
      store_integers(latent, slot, cache, worker);
      break;
    case CacheDType::kF32:
      std::memcpy(cache.slot(slot), latent, sizeof(float) * static_cast<size_t>(cols));
      break;
    case CacheDType::kBF16:
      kernels_.f32_to_bf16(latent, cols, reinterpret_cast<uint16_t*>(cache.slot(slot)));
      break;
  }
}

void CpuBackend::gather_rows(Activation x, std::span<const int32_t> rows, Activation out) {
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(out.row(static_cast<int64_t>(i)), x.row(rows[i]),
                sizeof(float) * static_cast<size_t>(x.cols));
  }
}

}  // namespace youtu
