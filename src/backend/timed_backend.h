// A backend that asks another one and notes how long each operation took and what it cost: the
// forward pass is measured without knowing of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"

namespace youtu {

// What an operation must at least do. Activations are not counted as read: they stay in the caches.
struct OperationCost {
  int64_t bytes = 0;      // of weights and of the latent cache
  int64_t f32_macs = 0;   // multiply-accumulates of floats
  int64_t int8_macs = 0;  // of 8-bit integers

  OperationCost& operator+=(const OperationCost& other);
  bool operator==(const OperationCost&) const = default;
};

// All calls of an operation, or of `linear` with a weight of that kind.
struct OperationRecord {
  std::string name;  // "embed", "linear.q_a_proj"
  int64_t calls = 0;
  double seconds = 0;
  OperationCost cost = {};
};

// Records only between start_recording() and stop_recording(); otherwise it adds a call and a test
// to an operation, which is nothing against one. Allocates nothing while it records.
class TimedBackend final : public Backend {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> inner);

  // Products with `weight` are recorded as "linear.<kind>", those with one that was not named as
  // "linear"; a product with several weights by the first, with what is done to its input.
  // REQUIRES: the weight stays where it is.
  void name_weight(const Weight& weight, std::string_view kind);

  void start_recording();  // from nothing
  void stop_recording() { is_recording_ = false; }
  // Only operations that were called, in the order in which a step calls them.
  std::vector<OperationRecord> records() const;
  OperationCost total_cost() const;

  BackendInfo info() const override { return inner_->info(); }
  Result<Buffer> allocate(size_t bytes) override { return inner_->allocate(bytes); }
  Result<Weight> prepare(const TensorView& tensor) override { return inner_->prepare(tensor); }
  Result<Weight> prepare_packed(const TensorView& tensor, const PackedFormat& format,
                                InputBits input_bits) override {
    return inner_->prepare_packed(tensor, format, input_bits);
  }
  Result<Weight> adopt(const TensorView& tensor, Placement placement,
                       InputBits input_bits) override {
    return inner_->adopt(tensor, placement, input_bits);
  }
  Result<int64_t> reserve(const StepLimits& limits) override { return inner_->reserve(limits); }
  MachinePeaks measure_peaks(const Buffer& memory) override {
    return inner_->measure_peaks(memory);
  }

  void begin_step(const BatchView& batch) override;
  void embed(const Weight& table, Activation out) override;
  void norm_linear(Activation x, const Weight& gain, float eps,
                   std::span<const Projection> projections) override;
  void linear_add(const Weight& w, Activation x, Activation out) override;
  void swiglu_linear_add(const Weight& w, Activation gate, Activation up, Activation out) override;
  void rotate_and_store(const FreshTokens& tokens) override;
  void store_latent(Activation latents, const LatentLayer& cache) override;
  void move_latents(std::span<const LatentMove> moves, const RopeTable* turn,
                    const LatentLayer& cache) override;
  void mla_attention(const MlaAttention& attention) override;
  void gather_rows(Activation x, std::span<const int32_t> rows, Activation out) override;

 private:
  // Runs `call` and books its time and cost on records_[index].
  template <typename Call>
  void record(size_t index, const OperationCost& cost, const Call& call);
  size_t linear_index(const Weight& w) const;

  std::unique_ptr<Backend> inner_;
  const BatchView* batch_ = nullptr;
  bool is_recording_ = false;
  std::vector<OperationRecord> records_;  // the fixed operations, then the kinds of weights
  std::vector<int64_t> first_calls_;      // beside records_: when each was first called
  int64_t num_calls_ = 0;
  std::unordered_map<const Weight*, size_t> linear_indices_;  // into records_
};

}  // namespace youtu
