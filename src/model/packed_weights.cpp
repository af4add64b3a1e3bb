#include "model/packed_weights.h"

#include "base/check.h"
#include "formats/packed_model.h"
#include "model/tensor_names.h"

namespace youtu {

std::vector<TensorView> packed_tensors(const ModelConfig& config, const Weights& weights) {
  const auto expected = expected_tensors(config, NameStyle::kOwn, /*split_kv_b=*/true);
  std::vector<TensorView> tensors;
  // Both lists are in the order of a step; k_up is a weight that no checkpoint has.
  size_t num_expected = 0;
  int32_t layer = -1;
  for_each_weight(weights, [&](std::string_view kind, const Weight& weight) {
    if (kind == "k_b") ++layer;
    const bool is_turned = kind == "k_up";
    CHECK(is_turned || num_expected < expected.size());
    const ExpectedTensor next =
        is_turned ? turned_keys_tensor(config, layer) : expected[num_expected++];
    TensorView view = {next.name, weight.packed ? DType::kU8 : weight.dtype, next.shape, {}};
    view.packed = weight.packed;
    CHECK(view.num_rows() == weight.rows && view.row_length() == weight.cols);
    // Buffers are whole pages.
    const auto size = static_cast<size_t>(tensor_bytes(view).value());
    CHECK(size <= weight.bytes.size());
    view.data = {weight.bytes.data(), size};
    tensors.push_back(std::move(view));
  });
  CHECK(num_expected == expected.size());
  return tensors;
}

Status write_packed_model(const OpenedModel& opened, const ModelConfig& config,
                          const Weights& weights, const PackedModelOptions& options) {
  CHECK(!opened.packed);
  const auto texts = read_source_texts(opened);
  RETURN_IF_ERROR(texts);
  std::vector<PackedText> views;
  for (const SourceText& text : *texts) {
    views.push_back(
        {text.name, {reinterpret_cast<const uint8_t*>(text.bytes.data()), text.bytes.size()}});
  }
  PackedOrigin origin;
  origin.kind = name_style(opened) == NameStyle::kGguf ? PackedOrigin::Kind::kGguf
                                                       : PackedOrigin::Kind::kHuggingFace;
  origin.path = opened.path;
  origin.format = opened.format;
  origin.weights = options.weights;
  origin.key = options.key;
  origin.full_precision = options.full_precision;
  return write_packed_file(options.path, origin, views, packed_tensors(config, weights),
                           {.replaces = options.replaces});
}

}  // namespace youtu
