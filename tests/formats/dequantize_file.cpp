// Decodes a file of one element type to float32, for comparison with the independent decoders of
// tests/reference.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tensor/dequantize.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s TYPE BLOCKS VALUES\n", argv[0]);
    return 2;
  }
  const auto dtype = youtu::find_dtype(argv[1]);
  if (!dtype || !youtu::can_dequantize(*dtype)) {
    std::fprintf(stderr, "error: %s is no type that can be decoded\n", argv[1]);
    return 2;
  }
  std::ifstream in(argv[2], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in),
                                std::istreambuf_iterator<char>()};
  const auto& info = youtu::dtype_info(*dtype);
  const auto size = static_cast<int64_t>(bytes.size());
  if (!in || size % info.block_bytes != 0) {
    std::fprintf(stderr, "error: %s holds no whole number of blocks\n", argv[2]);
    return 1;
  }
  std::vector<float> values(static_cast<size_t>(size / info.block_bytes * info.block_values));
  youtu::dequantize(*dtype, reinterpret_cast<const uint8_t*>(bytes.data()),
                    static_cast<int64_t>(values.size()), values.data());
  std::ofstream out(argv[3], std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  return out ? 0 : 1;
}
