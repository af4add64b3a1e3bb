// Any bytes as a packed model file: the reader may refuse them, or give texts and tensors that lie
// within them and do not overlap. The header's checksums are put right, so that mutations get as
// far as the directory.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "formats/packed_file.h"
#include "formats/tensor_table.h"
#include "tensor/dequantize.h"
#include "tests/support/packed_builder.h"

namespace {

void read_last_row(const youtu::TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.row_length()));
  if (tensor.packed) {
    const youtu::PackedShape shape(*tensor.packed, tensor.num_rows(), tensor.row_length());
    youtu::read_packed_row(shape, tensor.data.data(), tensor.num_rows() - 1, values.data());
  } else if (youtu::can_dequantize(tensor.dtype)) {
    const size_t row_bytes = tensor.data.size() / static_cast<size_t>(tensor.num_rows());
    youtu::dequantize(tensor.dtype, tensor.data.data() + tensor.data.size() - row_bytes,
                      tensor.row_length(), values.data());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> file(data, data + size);
  youtu::repair_checksums(file);
  auto contents = youtu::parse_packed_file(file);
  if (!contents) {
    CHECK(!contents.status().message().empty());
    return 0;
  }
  const auto check_inside = [&](youtu::ByteSpan bytes) {
    CHECK(bytes.data() >= file.data() && bytes.data() + bytes.size() <= file.data() + file.size());
  };
  for (const youtu::PackedText& text : contents->texts) check_inside(text.bytes);
  std::vector<youtu::TensorView> tensors;
  for (const youtu::PackedSection& section : contents->sections) {
    check_inside(section.tensor.data);
    (void)youtu::has_right_checksum(section);
    read_last_row(section.tensor);
    tensors.push_back(section.tensor);
  }
  CHECK(youtu::TensorTable::create({}, std::move(tensors)).is_ok());
  return 0;
}
