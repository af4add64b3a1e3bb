#include "tensor/packed.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

constexpr int64_t kLaneBytes = 4;

uint16_t load_half(const uint8_t* bytes) {
  uint16_t half;
  std::memcpy(&half, bytes, sizeof(half));
  return half;
}

// Offset of group `group` of panel row `r` in the scales, and in the mins.
size_t scale_offset(int64_t group, int64_t r) {
  return static_cast<size_t>((group * kPackedPanelRows + r) * 2);
}

struct Place {
  size_t byte;
  int shift;
};

// Where the level of panel row `r` and column `k` lies in the lines.
Place place_of(const PackedFormat& format, int64_t r, int64_t k) {
  const int64_t values = kLaneBytes * 8 / format.bits;  // of k in a line
  const int64_t within = k % values;
  return {static_cast<size_t>(k / values * kPackedLineBytes + r * kLaneBytes + within % kLaneBytes),
          within < kLaneBytes ? 0 : 4};
}

}  // namespace

std::string to_string(const PackedFormat& format) {
  std::string name = "q";
  name += std::to_string(format.bits);
  name += 'g';
  name += std::to_string(format.group);
  if (format.has_min) name += 'z';
  return name;
}

std::optional<PackedFormat> find_packed_format(std::string_view name) {
  for (const int32_t bits : {4, 8}) {
    for (const int32_t group : {32, 64, 128}) {
      for (const bool has_min : {false, true}) {
        const PackedFormat format = {.bits = bits, .group = group, .has_min = has_min};
        if (to_string(format) == name) return format;
      }
    }
  }
  return std::nullopt;
}

PackedShape::PackedShape(PackedFormat packed_format, int64_t num_rows, int64_t num_cols)
    : format(packed_format), rows(num_rows), cols(num_cols) {
  CHECK(format.bits == 4 || format.bits == 8);
  CHECK(format.group == 32 || format.group == 64 || format.group == 128);
  padded_cols = align_up<int64_t>(cols, format.group);
  num_groups = padded_cols / format.group;
  const int64_t head = num_groups * kPackedPanelRows * 2 * (format.has_min ? 2 : 1);
  lines_offset = align_up<int64_t>(head, kPackedLineBytes);
  panel_bytes = lines_offset + padded_cols * format.bits / 8 * kPackedPanelRows;
  num_panels = div_ceil<int64_t>(rows, kPackedPanelRows);
}

void write_packed_row(const PackedShape& shape, int64_t index, const LevelRow& row,
                      std::span<uint8_t> panels) {
  DCHECK(panels.size() == static_cast<size_t>(shape.bytes()));
  uint8_t* panel = panels.data() + index / kPackedPanelRows * shape.panel_bytes;
  const int64_t r = index % kPackedPanelRows;
  for (int64_t g = 0; g < shape.num_groups; ++g) {
    const auto at = static_cast<size_t>(g);
    std::memcpy(panel + scale_offset(g, r), &row.scales[at], 2);
    if (shape.format.has_min) {
      std::memcpy(panel + scale_offset(shape.num_groups + g, r), &row.mins[at], 2);
    }
  }
  uint8_t* lines = panel + shape.lines_offset;
  for (int64_t k = 0; k < shape.padded_cols; ++k) {
    const Place place = place_of(shape.format, r, k);
    const int level = row.levels[static_cast<size_t>(k)];
    lines[place.byte] = static_cast<uint8_t>(lines[place.byte] | level << place.shift);
  }
}

void read_packed_row(const PackedShape& shape, const uint8_t* panels, int64_t index,
                     float* values) {
  const uint8_t* panel = panels + index / kPackedPanelRows * shape.panel_bytes;
  const int64_t r = index % kPackedPanelRows;
  const uint8_t* lines = panel + shape.lines_offset;
  const int mask = (1 << shape.format.bits) - 1;
  for (int64_t g = 0; g < shape.num_groups; ++g) {
    const float scale = f16_to_float(load_half(panel + scale_offset(g, r)));
    const float min = shape.format.has_min
                          ? f16_to_float(load_half(panel + scale_offset(shape.num_groups + g, r)))
                          : 0;
    const int64_t end = std::min<int64_t>((g + 1) * shape.format.group, shape.cols);
    for (int64_t k = g * shape.format.group; k < end; ++k) {
      const Place place = place_of(shape.format, r, k);
      const int level = lines[place.byte] >> place.shift & mask;
      values[k] = scale * static_cast<float>(level - shape.format.zero_point()) + min;
    }
  }
}

}  // namespace youtu
