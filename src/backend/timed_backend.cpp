#include "backend/timed_backend.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace youtu {

namespace {

enum Operation : size_t {
  kBeginStep,
  kEmbed,
  kLinear,
  kRotateAndStore,
  kStoreLatent,
  kMoveLatents,
  kMlaAttention,
  kGatherRows,
  kNumOperations,
};
constexpr std::string_view kNames[kNumOperations] = {
    "begin_step",   "embed",        "linear",        "rotate_and_store",
    "store_latent", "move_latents", "mla_attention", "gather_rows",
};

int64_t size_of(const Weight& w) {
  if (w.packed) return PackedShape(*w.packed, w.rows, w.cols).bytes();
  return static_cast<int64_t>(w.rows) * w.row_bytes;
}

OperationCost linear_cost(const Weight& w, int32_t num_tokens) {
  const int64_t macs = int64_t{w.rows} * w.cols * num_tokens;
  return {.bytes = size_of(w), .f32_macs = w.packed ? 0 : macs, .int8_macs = w.packed ? macs : 0};
}

// docs/mla.md, "Two ways to attend". A sequence's context is read once, however many queries it
// has.
OperationCost attention_cost(const MlaAttention& a, const BatchView& batch) {
  const int64_t N = a.num_heads, P = a.nope_dim, V = a.v_dim;
  const int64_t L = a.cache.latent_dim, R = a.cache.rope_dim;
  OperationCost cost = {.bytes = size_of(*a.k_b) + size_of(*a.v_b)};
  for (size_t s = 0; s < batch.sequences.size(); ++s) {
    const int64_t queries = batch.sequences[s].num_queries;
    const int64_t context = batch.sequences[s].context_length;
    // Query i of the last `queries` positions sees itself and all before it.
    const int64_t pairs = queries * context - queries * (queries - 1) / 2;
    const bool is_expanded = a.forms[s] == AttentionForm::kExpanded;
    const int64_t projected = is_expanded ? context : queries;
    const int64_t pair_width = is_expanded ? P + R + V : 2 * L + R;
    cost.bytes += context * a.cache.block_bytes() / kBlockSize;
    const bool has_integers = a.cache.dtype == CacheDType::kInt8;
    (has_integers ? cost.int8_macs : cost.f32_macs) += N * pairs * pair_width;
    const bool is_rounded = a.v_b->packed.has_value();
    (is_rounded ? cost.int8_macs : cost.f32_macs) += N * projected * (P + V) * L;
  }
  return cost;
}

}  // namespace

OperationCost& OperationCost::operator+=(const OperationCost& other) {
  bytes += other.bytes;
  f32_macs += other.f32_macs;
  int8_macs += other.int8_macs;
  return *this;
}

TimedBackend::TimedBackend(std::unique_ptr<Backend> inner)
    : inner_(std::move(inner)), records_(kNumOperations), first_calls_(kNumOperations) {
  for (size_t i = 0; i < kNumOperations; ++i) records_[i].name = kNames[i];
}

void TimedBackend::name_weight(const Weight& weight, std::string_view kind) {
  const std::string name = "linear." + std::string(kind);
  const auto known = std::find_if(records_.begin(), records_.end(),
                                  [&](const OperationRecord& r) { return r.name == name; });
  linear_indices_[&weight] = static_cast<size_t>(known - records_.begin());
  if (known != records_.end()) return;
  records_.push_back({.name = name});
  first_calls_.push_back(0);
}

void TimedBackend::start_recording() {
  for (OperationRecord& record : records_) record = {.name = std::move(record.name)};
  num_calls_ = 0;
  is_recording_ = true;
}

std::vector<OperationRecord> TimedBackend::records() const {
  std::vector<size_t> order;
  for (size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].calls > 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [this](size_t a, size_t b) { return first_calls_[a] < first_calls_[b]; });
  std::vector<OperationRecord> called;
  for (const size_t i : order) called.push_back(records_[i]);
  return called;
}

OperationCost TimedBackend::total_cost() const {
  OperationCost total;
  for (const OperationRecord& record : records_) total += record.cost;
  return total;
}

template <typename Call>
void TimedBackend::record(size_t index, const OperationCost& cost, const Call& call) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  call();
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  OperationRecord& record = records_[index];
  if (record.calls++ == 0) first_calls_[index] = num_calls_;
  ++num_calls_;
  record.seconds += elapsed.count();
  record.cost += cost;
}

size_t TimedBackend::linear_index(const Weight& w) const {
  const auto found = linear_indices_.find(&w);
  return found == linear_indices_.end() ? size_t{kLinear} : found->second;
}

void TimedBackend::begin_step(const BatchView& batch) {
  batch_ = &batch;
  if (!is_recording_) return inner_->begin_step(batch);
  record(kBeginStep, {}, [&] { inner_->begin_step(batch); });
}

void TimedBackend::embed(const Weight& table, Activation out) {
  if (!is_recording_) return inner_->embed(table, out);
  record(kEmbed, {.bytes = out.rows * (size_of(table) / table.rows)},
         [&] { inner_->embed(table, out); });
}

void TimedBackend::norm_linear(Activation x, const Weight& gain, float eps,
                               std::span<const Projection> projections) {
  if (!is_recording_) return inner_->norm_linear(x, gain, eps, projections);
  OperationCost cost = {.bytes = size_of(gain)};
  for (const Projection& p : projections) cost += linear_cost(*p.weight, x.rows);
  record(linear_index(*projections.front().weight), cost,
         [&] { inner_->norm_linear(x, gain, eps, projections); });
}

void TimedBackend::linear_add(const Weight& w, Activation x, Activation out) {
  if (!is_recording_) return inner_->linear_add(w, x, out);
  record(linear_index(w), linear_cost(w, x.rows), [&] { inner_->linear_add(w, x, out); });
}

void TimedBackend::swiglu_linear_add(const Weight& w, Activation gate, Activation up,
                                     Activation out) {
  if (!is_recording_) return inner_->swiglu_linear_add(w, gate, up, out);
  record(linear_index(w), linear_cost(w, gate.rows),
         [&] { inner_->swiglu_linear_add(w, gate, up, out); });
}

void TimedBackend::rotate_and_store(const FreshTokens& tokens) {
  if (!is_recording_) return inner_->rotate_and_store(tokens);
  record(kRotateAndStore, {.bytes = size_of(*tokens.gain)},
         [&] { inner_->rotate_and_store(tokens); });
}

void TimedBackend::store_latent(Activation latents, const LatentLayer& cache) {
  if (!is_recording_) return inner_->store_latent(latents, cache);
  record(kStoreLatent, {}, [&] { inner_->store_latent(latents, cache); });
}

void TimedBackend::move_latents(std::span<const LatentMove> moves, const RopeTable* turn,
                                const LatentLayer& cache) {
  if (!is_recording_) return inner_->move_latents(moves, turn, cache);
  const auto rows = static_cast<int64_t>(moves.size());
  record(kMoveLatents, {.bytes = 2 * rows * cache.block_bytes() / kBlockSize},
         [&] { inner_->move_latents(moves, turn, cache); });
}

void TimedBackend::mla_attention(const MlaAttention& attention) {
  if (!is_recording_) return inner_->mla_attention(attention);
  record(kMlaAttention, attention_cost(attention, *batch_),
         [&] { inner_->mla_attention(attention); });
}

void TimedBackend::gather_rows(Activation x, std::span<const int32_t> rows, Activation out) {
  if (!is_recording_) return inner_->gather_rows(x, rows, out);
  record(kGatherRows, {}, [&] { inner_->gather_rows(x, rows, out); });
}

}  // namespace youtu
