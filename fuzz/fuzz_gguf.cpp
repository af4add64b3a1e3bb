// Any bytes as a GGUF file: the reader may refuse them, or give keys and views that lie within
// them. What it gives goes on to the readers of the configuration and of blocks.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "formats/gguf.h"
#include "formats/tensor_table.h"
#include "model/model_config.h"
#include "tensor/dequantize.h"

namespace {

void read_every_key(const youtu::GgufMetadata& metadata) {
  for (const auto& entry : metadata.entries()) {
    CHECK(metadata.find(entry.key) == &entry);
    // Any of them may fail; none may read what is not there.
    (void)metadata.get_int(entry.key, -100, 100).is_ok();
    (void)metadata.get_float(entry.key).is_ok();
    (void)metadata.find_bool(entry.key).is_ok();
    (void)metadata.get_string(entry.key).is_ok();
    (void)metadata.find_ints(entry.key).is_ok();
    (void)metadata.find_floats(entry.key).is_ok();
    if (const auto strings = metadata.get_strings(entry.key)) {
      size_t total = 0;
      for (const std::string_view text : **strings) {
        if (!text.empty()) total += static_cast<unsigned char>(text.back());
      }
      CHECK((*strings)->size() == entry.count && total <= 255 * entry.count);
    }
  }
}

void decode_start(const youtu::TensorView& tensor) {
  if (!youtu::can_dequantize(tensor.dtype)) return;
  const int64_t block = youtu::dtype_info(tensor.dtype).block_values;
  if (tensor.num_values() < block) return;
  std::vector<float> values(static_cast<size_t>(block));
  youtu::dequantize(tensor.dtype, tensor.data.data(), block, values.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto contents = youtu::parse_gguf({data, size});
  if (!contents) {
    CHECK(!contents.status().message().empty());
    return 0;
  }
  read_every_key(contents->metadata);
  for (const youtu::TensorView& tensor : contents->tensors) {
    CHECK(tensor.data.data() >= data && tensor.data.data() + tensor.data.size() <= data + size);
    decode_start(tensor);
  }
  const auto table = youtu::TensorTable::create({}, std::move(contents->tensors));
  CHECK(table.is_ok());
  (void)youtu::read_gguf_config(contents->metadata, **table).is_ok();
  return 0;
}
