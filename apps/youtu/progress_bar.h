// A long transfer in one line: "model.safetensors  [######....]  43 %  1.7 of 3.9 GB  35.2 MB/s
// 1:02 left".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace youtu {

struct Transfer {
  std::string_view what;
  int64_t done_bytes = 0;
  int64_t total_bytes = 0;
  double bytes_per_second = 0;  // 0: not known yet
};

// As many columns as the terminal has, and of all of it what fits: the name goes first.
std::string progress_bar(const Transfer& transfer, int columns);
// The same for a file: without the bar and the name.
std::string progress_text(const Transfer& transfer);

std::string file_size_text(int64_t bytes);  // "3.9 GB": powers of 1000, as disks are sold
std::string duration_text(double seconds);  // "1:02", "2:03:04"

}  // namespace youtu
