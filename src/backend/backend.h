// The operations that a forward pass is made of. A backend is hardware with memory; it has every
// one of them.
#pragma once

#include <memory>
#include <string>

#include "backend/operands.h"
#include "tensor/tensor_view.h"
#include "youtu/status.h"

namespace youtu {

struct BackendInfo {
  std::string name;  // "cpu"
  std::string isa;   // "avx512"
  int num_threads = 0;
};

// Sizes that bound every step, so that a backend can set its scratch memory aside beforehand.
struct StepLimits {
  int32_t max_tokens = 0;
  int32_t num_heads = 0;
  int32_t nope_dim = 0;
  int32_t rope_dim = 0;
  int32_t v_dim = 0;
  int32_t latent_dim = 0;
  int32_t norm_dim = 0;  // the widest row that norm_linear takes
};

// Where the bytes of an adopted weight are.
enum class Placement : uint8_t {
  kInPlace,  // where they lay
  kCopied,   // in memory of the backend
};

// Whether a backend's memory is taken, or only measured: then buffers and weights have their sizes
// and no bytes, tensors need no bytes either, and there are no steps.
enum class MemoryUse : uint8_t { kTaken, kMeasured };

// The most that the machine can do just now with the backend's threads; neighbours move it.
struct MachinePeaks {
  double read_bytes_per_second = 0;
  double f32_macs_per_second = 0;   // multiply-accumulates
  double int8_macs_per_second = 0;  // of 4-bit by 8-bit integers
};

// One stream of work, used by one thread. Activations are rows of F32. Operations allocate nothing.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendInfo info() const = 0;

  // Zeroed and touched. Fails with kResourceExhausted when there is no such memory.
  virtual Result<Buffer> allocate(size_t bytes) = 0;
  // Copies a tensor into the backend's memory, in the layout that its kernels read. All dimensions
  // but the last become rows.
  virtual Result<Weight> prepare(const TensorView& tensor) = 0;
  // The same as packed weights. Levels of GGUF's block types are kept where `format` is what
  // find_repacking() says and it keeps them; otherwise values are rounded. REQUIRES: the values can
  // be dequantised.
  virtual Result<Weight> prepare_packed(const TensorView& tensor, const PackedFormat& format,
                                        InputBits input_bits) = 0;
  // A tensor of a packed file, whose bytes are already as kernels read them. In place, every page
  // of them is brought into memory now, and they must outlive the weight. REQUIRES: bytes aligned
  // to 64, and that bytes behind the last one can be read up to the next page.
  virtual Result<Weight> adopt(const TensorView& tensor, Placement placement,
                               InputBits input_bits) = 0;
  // Sets scratch memory aside, before the first step; returns how many bytes.
  virtual Result<int64_t> reserve(const StepLimits& limits) = 0;

  virtual void begin_step(const BatchView& batch) = 0;
  // out[t] = table[token_ids[t]]
  virtual void embed(const Weight& table, Activation out) = 0;
  // Products of the normalised x with several weights, x * rsqrt(mean(x^2) + eps) * gain.
  virtual void norm_linear(Activation x, const Weight& gain, float eps,
                           std::span<const Projection> projections) = 0;
  // out += x w^T
  virtual void linear_add(const Weight& w, Activation x, Activation out) = 0;
  // out += (silu(gate) * up) w^T; overwrites gate.
  virtual void swiglu_linear_add(const Weight& w, Activation gate, Activation up,
                                 Activation out) = 0;
  // Normalises the latents (not their rope keys), rotates rope keys and the last rotary_dim columns
  // of each head of the queries, and stores the latents as store_latent does.
  virtual void rotate_and_store(const FreshTokens& tokens) = 0;
  // Row t of latents [T, L + R] goes to slot slot_mapping[t].
  virtual void store_latent(Activation latents, const LatentLayer& cache) = 0;
  // to_slot of each move becomes as from_slot, its rope key turned by the one row of `turn`, or,
  // where that is nullptr, bit by bit. Not part of a step. REQUIRES: no slot is both read and
  // written, or written twice.
  virtual void move_latents(std::span<const LatentMove> moves, const RopeTable* turn,
                            const LatentLayer& cache) = 0;
  virtual void mla_attention(const MlaAttention& attention) = 0;
  // out[i] = x[rows[i]]
  virtual void gather_rows(Activation x, std::span<const int32_t> rows, Activation out) = 0;

  // Takes some 0.4 seconds. REQUIRES: `memory` is from allocate() and much larger than the last
  // cache; it is only read. Not part of a step.
  virtual MachinePeaks measure_peaks(const Buffer& memory) = 0;
};

}  // namespace youtu
