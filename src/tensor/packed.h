// Packed weights: the layout of 4- and 8-bit matrices that the kernels of backend/cpu read, the
// same for every instruction set. This file is its specification; backend/cpu/packed_kernels.h
// multiplies by it.
//
// Sixteen rows lie interleaved in a panel, so that a vector register holds one value of k for each
// of them and nothing is added up across a register. A panel of K columns in groups of g is
//
//   scales  [K / g][16] f16
//   mins    [K / g][16] f16, where the format has them
//   lines   of 64 bytes, from the next multiple of 64 bytes on
//
// and a line holds, for each of the 16 rows in turn, four bytes: four values of k of 8 bits, or
// eight of 4 bits, of which byte j has value j in its low nibble and value j + 4 in its high one. A
// level q stands for scale * (q - zero point), the zero point being half of the range, or for scale
// * q + min. Rows that fill up the last panel have zero scales; columns that fill up the last group
// have levels that stand for zero.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace youtu {

// Of this layout and of how values are rounded to it. Files of packed weights carry it, so it is
// raised with every change of either.
inline constexpr uint32_t kPackedLayoutVersion = 1;

inline constexpr int32_t kPackedPanelRows = 16;
inline constexpr int32_t kPackedLineBytes = 64;

struct PackedFormat {
  int32_t bits = 4;      // 4 or 8
  int32_t group = 32;    // values of k that share a scale: 32, 64 or 128
  bool has_min = false;  // levels stand for scale * q + min

  int32_t zero_point() const { return has_min ? 0 : 1 << (bits - 1); }
  bool operator==(const PackedFormat&) const = default;
};

// "q4g32", "q8g128z": z where there are mins.
std::string to_string(const PackedFormat& format);
// The format of that name.
std::optional<PackedFormat> find_packed_format(std::string_view name);

// Sizes of a matrix [rows, cols] in a format.
struct PackedShape {
  PackedShape(PackedFormat format, int64_t rows, int64_t cols);

  PackedFormat format;
  int64_t rows;
  int64_t cols;
  int64_t padded_cols;   // a multiple of the group
  int64_t num_groups;    // in a row
  int64_t lines_offset;  // in a panel
  int64_t panel_bytes;   // a multiple of 64
  int64_t num_panels;

  int64_t bytes() const { return num_panels * panel_bytes; }
};

// One row as integers. The spans have padded_cols, num_groups and, where there are mins, num_groups
// elements.
struct LevelRow {
  std::span<uint8_t> levels;
  std::span<uint16_t> scales;  // f16
  std::span<uint16_t> mins;    // f16
};

// Puts `row` where it belongs in `panels`, the bytes of the whole matrix. Rows of different panels
// may be written at the same time.
void write_packed_row(const PackedShape& shape, int64_t index, const LevelRow& row,
                      std::span<uint8_t> panels);

// The row's values, [cols].
void read_packed_row(const PackedShape& shape, const uint8_t* panels, int64_t index, float* values);

}  // namespace youtu
