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

// Calls fn(offset in the panel's lines, first value of k) for each four bytes of panel row `r`.
template <typename Fn>
void for_each_quad(const PackedShape& shape, int64_t r, const Fn& fn) {
  const int64_t values = kLaneBytes * 8 / shape.format.bits;  // of k in four bytes
  size_t offset = static_cast<size_t>(r * kLaneBytes);
  for (int64_t k = 0; k < shape.padded_cols; k += values, offset += kPackedLineBytes) {
    fn(offset, static_cast<size_t>(k));
  }
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
  const uint8_t* levels = row.levels.data();
  if (shape.format.bits == 8) {
    for_each_quad(shape, r, [&](size_t offset, size_t k) {
      std::memcpy(lines + offset, levels + k, kLaneBytes);
    });
    return;
  }
  for_each_quad(shape, r, [&](size_t offset, size_t k) {
    for (size_t j = 0; j < kLaneBytes; ++j) {
      lines[offset + j] = static_cast<uint8_t>(levels[k + j] | levels[k + kLaneBytes + j] << 4);
    }
  });
}

void read_packed_row(const PackedShape& shape, const uint8_t* panels, int64_t index,
                     float* values) {
  const uint8_t* panel = panels + index / kPackedPanelRows * shape.panel_bytes;
  const int64_t r = index % kPackedPanelRows;
  const uint8_t* lines = panel + shape.lines_offset;
  const int zero_point = shape.format.zero_point();
  float scale = 0, min = 0;
  const auto put = [&](size_t k, int level) {
    if (k < static_cast<size_t>(shape.cols)) {
      values[k] = scale * static_cast<float>(level - zero_point) + min;
    }
  };
  for_each_quad(shape, r, [&](size_t offset, size_t k) {
    if (k % static_cast<size_t>(shape.format.group) == 0) {
      const int64_t g = static_cast<int64_t>(k) / shape.format.group;
      scale = f16_to_float(load_half(panel + scale_offset(g, r)));
      if (shape.format.has_min) {
        min = f16_to_float(load_half(panel + scale_offset(shape.num_groups + g, r)));
      }
    }
    for (size_t j = 0; j < kLaneBytes; ++j) {
      const uint8_t byte = lines[offset + j];
      put(k + j, shape.format.bits == 8 ? byte : byte & 15);
      if (shape.format.bits == 4) put(k + kLaneBytes + j, byte >> 4);
    }
  });
}

}  // namespace youtu
