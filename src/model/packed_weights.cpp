#include "model/packed_weights.h"

#include "base/check.h"
#include "formats/packed_model.h"
#include "model/tensor_names.h"

namespace youtu {

std::vector<TensorView> packed_tensors(const ModelConfig& config, const Weights& weights) {
  const auto expected = expected_tensors(config, NameStyle::kOwn, /*split_kv_b=*/true);
  std::vector<TensorView> tensors;
  // Both lists are in the order of a step.
  for_each_weight(weights, [&](std::string_view, const Weight& weight) {
    CHECK(tensors.size() < expected.size());
    const ExpectedTensor& next = expected[tensors.size()];
    TensorView view = {next.name, weight.packed ? DType::kU8 : weight.dtype, next.shape, {}};
    view.packed = weight.packed;
    CHECK(view.num_rows() == weight.rows && view.row_length() == weight.cols);
    // Buffers are whole pages.
    const auto size = static_cast<size_t>(tensor_bytes(view).value());
    CHECK(size <= weight.bytes.size());
    view.data = {weight.bytes.data(), size};
    tensors.push_back(std::move(view));
  });
  CHECK(tensors.size() == expected.size());
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
