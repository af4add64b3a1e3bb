#include "model/load_model.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "backend/registry.h"
#include "base/available_memory.h"
#include "base/check.h"
#include "base/cpu_count.h"
#include "base/numbers.h"
#include "model/tensor_names.h"
#include "tensor/dequantize.h"
#include "tensor/levels.h"

namespace youtu {

namespace {

std::vector<uint8_t> round_to_bf16(const TensorView& view) {
  const int64_t cols = view.row_length(), rows = view.num_rows();
  const size_t row_bytes = rows == 0 ? 0 : view.data.size() / static_cast<size_t>(rows);
  std::vector<uint8_t> rounded(static_cast<size_t>(rows * cols) * 2);
  std::vector<float> values(static_cast<size_t>(cols));
  uint8_t* to = rounded.data();
  for (int64_t row = 0; row < rows; ++row) {
    dequantize(view.dtype, view.data.data() + static_cast<size_t>(row) * row_bytes, cols,
               values.data());
    for (const float value : values) {
      const uint16_t half = float_to_bf16(value);
      std::memcpy(to, &half, sizeof(half));
      to += sizeof(half);
    }
  }
  return rounded;
}

// Takes tensors from the file by name and prepares them. After the first failure it prepares
// nothing more and keeps that failure.
class WeightLoader {
 public:
  WeightLoader(const OpenedModel& opened, const ModelConfig& config, const LoadOptions& options,
               Placement placement, Backend& backend)
      : opened_(opened),
        config_(config),
        policy_(options.weights),
        backend_(backend),
        placement_(placement),
        num_precise_layers_(options.precise_layers),
        on_progress_(options.on_progress),
        is_measured_(options.memory == MemoryUse::kMeasured) {}

  Weights load();
  const Status& status() const { return status_; }
  int64_t bytes() const { return bytes_; }
  int64_t most_scratch_bytes() const { return most_scratch_bytes_; }
  const std::map<std::string, int>& packed_counts() const { return packed_counts_; }

 private:
  LayerWeights load_layer(int32_t index);
  void set_input_bits(int32_t layer, int32_t num_precise) {
    input_bits_ = layer < num_precise ? InputBits::k16 : InputBits::k8;
  }
  void load_kv_b(const std::string& prefix, LayerWeights& layer);
  void prepare_kv_b(const TensorView& keys, const TensorView& values, LayerWeights& layer);
  Weight turn_keys(const TensorView& keys);
  void note_scratch(size_t bytes) {
    most_scratch_bytes_ = std::max(most_scratch_bytes_, static_cast<int64_t>(bytes));
  }
  Weight matrix(const std::string& name, WeightKind kind) {
    return opened_.packed ? adopt(name) : prepare(tensor(name), policy_.form(kind));
  }
  Weight vector(const std::string& name);
  Weight adopt(const std::string& name) {
    return status_ ? keep(backend_.adopt(tensor(name), placement_, input_bits_)) : Weight();
  }
  Weight prepare(const TensorView& view, const WeightForm& form);
  Weight keep(Result<Weight> weight);
  const TensorView& tensor(const std::string& name) const;

  const OpenedModel& opened_;
  const ModelConfig& config_;
  const WeightPolicy& policy_;
  Backend& backend_;
  Placement placement_;
  const int32_t num_precise_layers_;
  InputBits input_bits_ = InputBits::k8;  // of the weights that are being loaded
  Status status_;
  const std::function<void(double)> on_progress_;
  const bool is_measured_;
  int64_t bytes_ = 0;
  int64_t most_scratch_bytes_ = 0;            // between a file and the backend
  std::map<std::string, int> packed_counts_;  // by format
};

const TensorView& WeightLoader::tensor(const std::string& name) const {
  // Our names are those of a packed file, k_up included.
  const TensorView* view =
      opened_.packed ? opened_.tensors->find(name) : find_tensor(opened_, name);
  CHECK(view != nullptr);  // check_tensors has passed
  return *view;
}

Weight WeightLoader::keep(Result<Weight> weight) {
  if (!weight) {
    status_ = weight.status();
    return {};
  }
  bytes_ += static_cast<int64_t>(weight->bytes.size());
  if (weight->packed) ++packed_counts_[to_string(*weight->packed)];
  return std::move(*weight);
}

Weight WeightLoader::prepare(const TensorView& view, const WeightForm& form) {
  if (!status_) return {};
  switch (form.kind) {
    case WeightForm::Kind::kPacked:
      return keep(backend_.prepare_packed(view, form.format, input_bits_));
    case WeightForm::Kind::kAuto:
      if (const auto repacking = find_repacking(view.dtype)) {
        return keep(backend_.prepare_packed(view, repacking->format, input_bits_));
      }
      break;
    case WeightForm::Kind::kBF16:
      if (view.dtype != DType::kBF16) {
        note_scratch(static_cast<size_t>(view.num_values()) * 2);
        const auto rounded = is_measured_ ? std::vector<uint8_t>() : round_to_bf16(view);
        return keep(backend_.prepare({view.name, DType::kBF16, view.shape, rounded}));
      }
      break;
    case WeightForm::Kind::kExact:
      break;
  }
  return keep(backend_.prepare(view));
}

// Norm gains are few and read by every token: F32, whatever the file holds.
Weight WeightLoader::vector(const std::string& name) {
  if (opened_.packed) return adopt(name);
  const TensorView& view = tensor(name);
  if (is_measured_) return prepare({view.name, DType::kF32, view.shape, {}}, {});
  std::vector<float> values(static_cast<size_t>(view.num_values()));
  dequantize(view.dtype, view.data.data(), view.num_values(), values.data());
  return prepare({view.name,
                  DType::kF32,
                  view.shape,
                  {reinterpret_cast<const uint8_t*>(values.data()), values.size() * 4}},
                 {WeightForm::Kind::kExact});
}

// [rows, cols] of `value_bytes` each to [cols, rows].
void transpose(const uint8_t* from, int64_t rows, int64_t cols, size_t value_bytes, uint8_t* to) {
  for (int64_t c = 0; c < cols; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(to + static_cast<size_t>(c * rows + r) * value_bytes,
                  from + static_cast<size_t>(r * cols + c) * value_bytes, value_bytes);
    }
  }
}

// kv_b_proj holds, for each head, P rows that make its key and V rows that make its value. The
// absorbed form reads the key half the other way round, so that half is transposed, as GGUF files
// have it already.
void WeightLoader::load_kv_b(const std::string& prefix, LayerWeights& layer) {
  if (opened_.packed) {
    layer.k_b = adopt(prefix + "self_attn.k_b_proj.weight");
    layer.v_b = adopt(prefix + "self_attn.v_b_proj.weight");
    if (has_turned_keys(config_, layer.k_b.packed.has_value(), layer.v_b.packed.has_value())) {
      layer.k_up = adopt(prefix + "self_attn.k_up_proj.weight");
    }
    return;
  }
  if (has_split_kv_b(opened_)) {
    prepare_kv_b(tensor(prefix + "self_attn.k_b_proj.weight"),
                 tensor(prefix + "self_attn.v_b_proj.weight"), layer);
    return;
  }
  const TensorView& kv_b = tensor(prefix + "self_attn.kv_b_proj.weight");
  const int64_t N = config_.num_attention_heads, P = config_.qk_nope_head_dim,
                V = config_.v_head_dim;
  const int64_t L = config_.kv_lora_rank;
  const DTypeInfo& info = dtype_info(kv_b.dtype);
  const int64_t row_bytes = L / info.block_values * info.block_bytes;
  // Blocks run along L and cannot be transposed; such files are widened.
  const bool is_plain = info.block_values == 1;
  const auto keys_view = [&](ByteSpan bytes) -> TensorView {
    return {kv_b.name, is_plain ? kv_b.dtype : DType::kF32, {N, L, P}, bytes};
  };
  const auto values_view = [&](ByteSpan bytes) -> TensorView {
    return {kv_b.name, kv_b.dtype, {N, V, L}, bytes};
  };
  const size_t value_bytes = is_plain ? static_cast<size_t>(info.block_bytes) : sizeof(float);
  const size_t key_bytes = static_cast<size_t>(N * L * P) * value_bytes;
  const auto all_value_bytes = static_cast<size_t>(N * V * row_bytes);
  note_scratch(key_bytes + all_value_bytes);
  if (is_measured_) return prepare_kv_b(keys_view({}), values_view({}), layer);
  std::vector<uint8_t> keys(key_bytes);
  std::vector<uint8_t> values(all_value_bytes);
  std::vector<float> widened(is_plain ? 0 : static_cast<size_t>(P * L));
  for (int64_t n = 0; n < N; ++n) {
    const uint8_t* head = kv_b.data.data() + n * (P + V) * row_bytes;
    const uint8_t* key_rows = head;
    if (!is_plain) {
      dequantize(kv_b.dtype, head, P * L, widened.data());
      key_rows = reinterpret_cast<const uint8_t*>(widened.data());
    }
    transpose(key_rows, P, L, value_bytes,
              keys.data() + static_cast<size_t>(n * L * P) * value_bytes);
    std::memcpy(values.data() + n * V * row_bytes, head + P * row_bytes,
                static_cast<size_t>(V * row_bytes));
  }
  prepare_kv_b(keys_view(keys), values_view(values), layer);
}

void WeightLoader::prepare_kv_b(const TensorView& keys, const TensorView& values,
                                LayerWeights& layer) {
  const WeightForm form =
      has_whole_head_panels(config_) ? policy_.form(WeightKind::kKvB) : WeightForm{};
  layer.k_b = prepare(keys, form);
  layer.v_b = prepare(values, form);
  if (has_turned_keys(config_, layer.k_b.packed.has_value(), layer.v_b.packed.has_value())) {
    layer.k_up = turn_keys(keys);
  }
}

// Keys are expanded along the latent, so the levels of k_b, which run the other way, cannot serve.
// Eight bits lose next to nothing of levels that have been rounded before.
Weight WeightLoader::turn_keys(const TensorView& keys) {
  const int64_t N = config_.num_attention_heads, P = config_.qk_nope_head_dim,
                L = config_.kv_lora_rank;
  const auto count = static_cast<size_t>(N * L * P);
  const WeightForm form = {WeightForm::Kind::kPacked, {.bits = 8}};
  // The keys themselves may be scratch as well.
  note_scratch(4 * count * sizeof(float));
  if (is_measured_) return prepare({keys.name, DType::kF32, {N, P, L}, {}}, form);
  std::vector<float> values(count), turned(count);
  dequantize(keys.dtype, keys.data.data(), N * L * P, values.data());
  for (int64_t n = 0; n < N; ++n) {
    const auto first = static_cast<size_t>(n * L * P);
    transpose(reinterpret_cast<const uint8_t*>(&values[first]), L, P, sizeof(float),
              reinterpret_cast<uint8_t*>(&turned[first]));
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(turned.data());
  return prepare({keys.name, DType::kF32, {N, P, L}, {bytes, count * sizeof(float)}}, form);
}

LayerWeights WeightLoader::load_layer(int32_t index) {
  const std::string prefix = "layers." + std::to_string(index) + ".";
  LayerWeights layer;
  set_input_bits(index, (num_precise_layers_ + 1) / 2);
  layer.input_layernorm = vector(prefix + "input_layernorm.weight");
  if (config_.q_lora_rank > 0) {
    layer.q_a_proj = matrix(prefix + "self_attn.q_a_proj.weight", WeightKind::kQA);
    layer.q_a_layernorm = vector(prefix + "self_attn.q_a_layernorm.weight");
    layer.q_b_proj = matrix(prefix + "self_attn.q_b_proj.weight", WeightKind::kQB);
  } else {
    layer.q_b_proj = matrix(prefix + "self_attn.q_proj.weight", WeightKind::kQB);
  }
  layer.kv_a_proj_with_mqa =
      matrix(prefix + "self_attn.kv_a_proj_with_mqa.weight", WeightKind::kKvA);
  layer.kv_a_layernorm = vector(prefix + "self_attn.kv_a_layernorm.weight");
  load_kv_b(prefix, layer);
  layer.o_proj = matrix(prefix + "self_attn.o_proj.weight", WeightKind::kO);
  layer.post_attention_layernorm = vector(prefix + "post_attention_layernorm.weight");
  set_input_bits(index, num_precise_layers_);
  layer.gate_proj = matrix(prefix + "mlp.gate_proj.weight", WeightKind::kGate);
  layer.up_proj = matrix(prefix + "mlp.up_proj.weight", WeightKind::kUp);
  set_input_bits(index, 2 * num_precise_layers_);
  layer.down_proj = matrix(prefix + "mlp.down_proj.weight", WeightKind::kDown);
  return layer;
}

Weights WeightLoader::load() {
  Weights weights;
  weights.embed_tokens = matrix("embed_tokens.weight", WeightKind::kHead);
  for (int32_t i = 0; i < config_.num_hidden_layers && status_; ++i) {
    weights.layers.push_back(load_layer(i));
    if (on_progress_) on_progress_((i + 1.0) / config_.num_hidden_layers);
  }
  input_bits_ = InputBits::k8;
  weights.norm = vector("norm.weight");
  if (!config_.tie_word_embeddings) weights.lm_head = matrix("lm_head.weight", WeightKind::kHead);
  return weights;
}

// Counts over the tensors that the model uses.
void describe_weights(const OpenedModel& opened, LoadedModel& loaded) {
  std::map<std::string, int> types;
  loaded.full_precision = true;
  const bool split_kv_b = has_split_kv_b(opened);
  for (const ExpectedTensor& expected :
       expected_tensors(loaded.config, name_style(opened), split_kv_b)) {
    const TensorView* view = opened.tensors->find(expected.file_name);
    if (view == nullptr) continue;
    loaded.num_parameters += view->num_values();
    loaded.full_precision = loaded.full_precision && view->dtype == DType::kF32;
    ++types[view->type_name()];
  }
  for (const auto& [name, count] : types) {
    if (!loaded.weight_types.empty()) loaded.weight_types += ", ";
    loaded.weight_types += name + " (" + std::to_string(count) + " tensors)";
  }
  if (opened.packed) loaded.full_precision = opened.packed->full_precision;
}

void describe_packing(const std::map<std::string, int>& counts, LoadedModel& loaded) {
  if (counts.empty()) return;
  loaded.full_precision = false;
  std::string list;
  for (const auto& [name, count] : counts) {
    list += list.empty() ? "; packed: " : ", ";
    list += name + " (" + std::to_string(count) + ")";
  }
  loaded.weight_types += list;
}

Status make_backend(const LoadOptions& options, LoadedModel& loaded) {
  std::string isa = options.isa;
  if (const char* forced = std::getenv("YOUTU_ISA"); isa.empty() && forced != nullptr) isa = forced;
  loaded.pool = std::make_unique<ThreadPool>(options.num_threads > 0 ? options.num_threads
                                                                     : available_cpu_count());
  auto backend = make_cpu_backend(isa, *loaded.pool, options.memory);
  if (!backend) return backend.status();
  loaded.backend = std::move(*backend);
  if (options.decorate_backend) {
    loaded.backend = options.decorate_backend(std::move(loaded.backend));
  }
  return Status::ok();
}

// Weights that a file no longer has cannot be asked of it.
Status check_packed_policy(const OpenedModel& opened, const WeightPolicy& policy) {
  if (!opened.packed) return Status::ok();
  const auto made_with = read_weight_policy(opened, "auto");
  RETURN_IF_ERROR(made_with);
  if (policy == *made_with) return Status::ok();
  return Status::invalid_argument(opened.path + ": its weights are packed as \"" +
                                      opened.packed->weights + "\" and cannot be loaded as \"" +
                                      to_string(policy) + "\" (auto, or as they are)",
                                  "weights");
}

Placement placement_of(WeightPlace place, const TensorSource& tensors) {
  if (place != WeightPlace::kAuto) {
    return place == WeightPlace::kMapped ? Placement::kInPlace : Placement::kCopied;
  }
  int64_t bytes = 0;
  for (const TensorView& view : tensors.tensors()) bytes += static_cast<int64_t>(view.data.size());
  // The file's pages stay in memory as long as nothing else wants them.
  const bool has_room = available_memory().value_or(0) >= 2 * bytes;
  return has_room && has_large_pages() ? Placement::kCopied : Placement::kInPlace;
}

// Keeps what was packed just now, and puts into words what became of that.
void keep_packed_weights(PackCache& cache, std::vector<std::string> news, LoadedModel& loaded) {
  const auto begin = std::chrono::steady_clock::now();
  if (cache.store(loaded.model->weights(), loaded.full_precision, news)) {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.1f s", taken.count());
    news.push_back("packed weights are kept in " + cache.path() + ", written in " + seconds);
  }
  for (const std::string& item : news) {
    loaded.pack_cache += (loaded.pack_cache.empty() ? "" : "; ") + item;
  }
  loaded.has_pack_cache_news = !news.empty();
}

}  // namespace

Result<WeightPlace> parse_weight_place(std::string_view text) {
  if (text == "auto") return WeightPlace::kAuto;
  if (text == "map") return WeightPlace::kMapped;
  if (text == "read") return WeightPlace::kCopied;
  return Status::invalid_argument(
      "load is \"" + std::string(text.substr(0, 64)) + "\" (auto, map or read)", "load");
}

Result<WeightPolicy> read_weight_policy(const OpenedModel& opened, std::string_view text) {
  auto policy = parse_weight_policy(text);
  if (!opened.packed || !policy || text != "auto") return policy;
  policy = parse_weight_policy(opened.packed->weights);
  if (!policy) return Status::invalid_argument(opened.path + ": " + policy.status().message());
  return policy;
}

Result<LoadedModel> load_model(const OpenedModel& opened, const LoadOptions& options) {
  LoadedModel loaded;
  auto config = read_model_config(opened);
  if (!config) return config.status();
  auto warnings = check_tensors(opened, *config);
  if (!warnings) return warnings.status();
  loaded.config = *config;
  loaded.warnings = std::move(*warnings);
  describe_weights(opened, loaded);

  RETURN_IF_ERROR(check_packed_policy(opened, options.weights));
  RETURN_IF_ERROR(make_backend(options, loaded));

  const bool is_measured = options.memory == MemoryUse::kMeasured;
  PackCache cache(options.pack_cache, opened, loaded.config, options.weights);
  std::vector<std::string> news;
  const std::optional<OpenedModel> cached = is_measured ? cache.look() : cache.find(news);
  const OpenedModel& source = cached ? *cached : opened;
  // What is not packed is prepared into memory in any case.
  const Placement placement =
      source.packed ? placement_of(options.place, *source.tensors) : Placement::kCopied;
  WeightLoader loader(source, loaded.config, options, placement, *loaded.backend);
  Weights weights = loader.load();
  if (!loader.status()) return loader.status();
  loaded.weight_bytes = loader.bytes();
  loaded.loading_bytes = loader.most_scratch_bytes();
  loaded.has_packed = !loader.packed_counts().empty();
  if (!opened.packed) describe_packing(loader.packed_counts(), loaded);
  // Twice as many as there are make attention precise throughout; more change nothing.
  const int32_t precise = std::min(options.precise_layers, 2 * loaded.config.num_hidden_layers);
  if (precise > 0 && !loader.packed_counts().empty()) {
    loaded.weight_types += "; precise layers: " + std::to_string(precise);
  }
  loaded.model = std::make_unique<YoutuModel>(loaded.config, std::move(weights), *loaded.backend);
  loaded.are_weights_mapped = placement == Placement::kInPlace;
  if (loaded.are_weights_mapped) loaded.adopted = source.tensors;
  if (is_measured) return loaded;
  if (cached) {
    loaded.pack_cache = "weights are from " + cache.path();
  } else {
    keep_packed_weights(cache, std::move(news), loaded);
  }
  return loaded;
}

}  // namespace youtu
