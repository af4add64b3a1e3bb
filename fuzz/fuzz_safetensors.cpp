// Any bytes as a safetensors file: the reader may refuse them, or give views that lie within them.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "formats/safetensors.h"
#include "tensor/dtype.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tensors = youtu::parse_safetensors({data, size});
  if (!tensors) {
    CHECK(!tensors.status().message().empty());
    return 0;
  }
  size_t total = 0;
  for (const youtu::TensorView& tensor : *tensors) {
    CHECK(tensor.data.empty() ||
          (tensor.data.data() >= data && tensor.data.data() + tensor.data.size() <= data + size));
    CHECK(youtu::dtype_bytes(tensor.dtype, tensor.num_values()) ==
          static_cast<int64_t>(tensor.data.size()));
    total += tensor.data.size();
  }
  CHECK(total <= size);
  return 0;
}
