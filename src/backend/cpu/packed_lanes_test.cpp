// The packed kernels with registers that are arrays: every width and every kind of byte product, on
// any machine. What a machine cannot run of its tables, it can at least run of the code that they
// share.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "base/numbers.h"
#include "tensor/packed.h"

// Lanes<Width>: what simd_*.inc gives packed_kernels.inc, written out.
namespace youtu {
namespace {

template <int kLanes>
struct FloatLanes {
  static constexpr int32_t kWidth = kLanes;
  struct Reg {
    float lane[kLanes];
  };

  template <typename Fn>
  static Reg each(const Fn& fn) {
    Reg r;
    for (int i = 0; i < kLanes; ++i) r.lane[i] = fn(i);
    return r;
  }
  static Reg zero() { return broadcast(0); }
  static Reg broadcast(float value) {
    return each([&](int) { return value; });
  }
  static Reg load(const float* p) {
    return each([&](int i) { return p[i]; });
  }
  static void store(float* p, Reg r) { std::memcpy(p, r.lane, sizeof(r.lane)); }
  static constexpr bool kStreams = false;
  static void stream(float* p, Reg r) { store(p, r); }
  static void finish_streams() {}
  static Reg add(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Reg mul(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Reg max(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg min(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg fma(Reg a, Reg b, Reg c) {
    return each([&](int i) { return std::fma(a.lane[i], b.lane[i], c.lane[i]); });
  }
  static Reg without(Reg, Reg r) {
    return each([&](int i) { return std::fabs(r.lane[i]); });
  }
  static float reduce_max(Reg r) {
    float max = r.lane[0];
    for (const float value : r.lane) max = std::max(max, value);
    return max;
  }
};

template <int kLanes>
struct ByteLanes {
  using Floats = FloatLanes<kLanes>;
  struct Int {
    uint8_t byte[4 * kLanes];

    int32_t lane(int i) const {
      int32_t value;
      std::memcpy(&value, byte + 4 * i, 4);
      return value;
    }
    void set_lane(int i, int32_t value) { std::memcpy(byte + 4 * i, &value, 4); }
    int16_t half(int i) const {
      int16_t value;
      std::memcpy(&value, byte + 2 * i, 2);
      return value;
    }
  };

  template <typename Fn>
  static Int each(const Fn& fn) {
    Int r;
    for (int i = 0; i < kLanes; ++i) r.set_lane(i, fn(i));
    return r;
  }
  static Int zero() {
    return each([](int) { return 0; });
  }
  static Int load(const uint8_t* p) {
    Int r;
    std::memcpy(r.byte, p, sizeof(r.byte));
    return r;
  }
  static void store(uint8_t* p, Int r) { std::memcpy(p, r.byte, sizeof(r.byte)); }
  static void fetch(const uint8_t*) {}
  static void fetch_once(const uint8_t*) {}
  static Int add(Int a, Int b) {
    return each([&](int i) { return a.lane(i) + b.lane(i); });
  }
  static Int sub(Int a, Int b) {
    return each([&](int i) { return a.lane(i) - b.lane(i); });
  }
  static Int low(Int r) {
    for (uint8_t& byte : r.byte) byte &= 15;
    return r;
  }
  static Int high(Int r) {
    for (uint8_t& byte : r.byte) byte = static_cast<uint8_t>(byte >> 4);
    return r;
  }
  static Int quad(const int8_t* p) {
    int32_t bytes;
    std::memcpy(&bytes, p, 4);
    return each([&](int) { return bytes; });
  }
  static typename Floats::Reg to_float(Int r) {
    return Floats::each([&](int i) { return static_cast<float>(r.lane(i)); });
  }
  static Int to_int(typename Floats::Reg r) {
    return each([&](int i) { return static_cast<int32_t>(std::nearbyint(r.lane[i])); });
  }
  static typename Floats::Reg scales(const uint16_t* p) {
    return Floats::each([&](int i) { return f16_to_float(p[i]); });
  }
  static void store_bytes(int8_t* p, const Int (&r)[4]) {
    for (int i = 0; i < 4 * kLanes; ++i) p[i] = static_cast<int8_t>(r[i / kLanes].lane(i % kLanes));
  }
  static void store_sums(int32_t* p, const Int (&r)[4]) {
    for (int i = 0; i < 4; ++i) {
      p[i] = 0;
      for (int lane = 0; lane < kLanes; ++lane) p[i] += r[i].lane(lane);
    }
  }
};

// Products in 32 bits, as VNNI has them.
template <int kLanes>
struct WideDot : ByteLanes<kLanes> {
  using Base = ByteLanes<kLanes>;
  using Int = typename Base::Int;
  static constexpr bool kIsWide = true;
  static Int dot(Int sum, Int w, Int x) {
    return Base::each([&](int i) {
      int32_t total = sum.lane(i);
      for (int j = 4 * i; j < 4 * i + 4; ++j) total += w.byte[j] * static_cast<int8_t>(x.byte[j]);
      return total;
    });
  }
  static Int settle(Int sum) { return sum; }
  static Int settle16(Int sum) { return sum; }
};

// Products in 16 bits, two to a lane. A sum that does not fit would be a wrong answer in hardware;
// here it is a failure.
template <int kLanes>
struct NarrowDot : ByteLanes<kLanes> {
  using Base = ByteLanes<kLanes>;
  using Int = typename Base::Int;
  static constexpr bool kIsWide = false;
  static Int dot(Int sum, Int w, Int x) {
    for (int i = 0; i < 2 * kLanes; ++i) {
      const int32_t total = sum.half(i) + w.byte[2 * i] * static_cast<int8_t>(x.byte[2 * i]) +
                            w.byte[2 * i + 1] * static_cast<int8_t>(x.byte[2 * i + 1]);
      if (total < INT16_MIN || total > INT16_MAX) ADD_FAILURE() << total << " in 16 bits";
      const auto half = static_cast<int16_t>(total);
      std::memcpy(sum.byte + 2 * i, &half, 2);
    }
    return sum;
  }
  static Int settle(Int sum) {
    return Base::each([&](int i) { return sum.half(2 * i) + sum.half(2 * i + 1); });
  }
  static Int settle16(Int sum) {
    return Base::each([&](int i) { return 16 * (sum.half(2 * i) + sum.half(2 * i + 1)); });
  }
};

}  // namespace
}  // namespace youtu

#define YOUTU_LANES_TABLE(DOT, LANES, TOKENS)          \
  struct V : youtu::FloatLanes<LANES> {};              \
  using Reg = V::Reg;                                  \
  struct Dot : youtu::DOT<LANES> {                     \
    static constexpr int kRegs = 2;                    \
    static constexpr int kTokens = TOKENS;             \
    static constexpr int kManyTokens = TOKENS * 3 / 4; \
  };

namespace narrow8 {
namespace {
YOUTU_LANES_TABLE(NarrowDot, 8, 4)
#include "backend/cpu/even_groups.inc"
#include "backend/cpu/packed_kernels.inc"
}  // namespace
}  // namespace narrow8
namespace wide8 {
namespace {
YOUTU_LANES_TABLE(WideDot, 8, 4)
#include "backend/cpu/even_groups.inc"
#include "backend/cpu/packed_kernels.inc"
}  // namespace
}  // namespace wide8
namespace narrow16 {
namespace {
YOUTU_LANES_TABLE(NarrowDot, 16, 8)
#include "backend/cpu/even_groups.inc"
#include "backend/cpu/packed_kernels.inc"
}  // namespace
}  // namespace narrow16
namespace wide16 {
namespace {
YOUTU_LANES_TABLE(WideDot, 16, 8)
#include "backend/cpu/even_groups.inc"
#include "backend/cpu/packed_kernels.inc"
}  // namespace
}  // namespace wide16

namespace youtu {
namespace {

struct LanesTable {
  const char* name;
  PackedKernels kernels;
};
const LanesTable kTables[] = {
    {"narrow8", {narrow8::packed_linear, narrow8::quantize_row}},
    {"wide8", {wide8::packed_linear, wide8::quantize_row}},
    {"narrow16", {narrow16::packed_linear, narrow16::quantize_row}},
    {"wide16", {wide16::packed_linear, wide16::quantize_row}},
};

class PackedLanes : public testing::TestWithParam<LanesTable> {};

TEST_P(PackedLanes, GiveTheBitsOfTheSpecification) {
  const PackedKernels& specification = supported_kernels().back()->packed;
  std::mt19937 rng(3);
  for (const PackedFormat format : {PackedFormat{4, 32, false}, PackedFormat{4, 64, true},
                                    PackedFormat{8, 32, true}, PackedFormat{8, 128, false}}) {
    for (const int32_t rows : {16, 32, 39, 49}) {
      for (const int32_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 15, 130}) {
        if (tokens == 130 && rows != 39) continue;
        constexpr int32_t kCols = 640;  // more than is unpacked at a time
        const PackedShape shape(format, rows, kCols);
        std::vector<uint8_t> panels(static_cast<size_t>(shape.bytes()));
        for (uint8_t& byte : panels) byte = static_cast<uint8_t>(rng());
        const int64_t halves = shape.num_groups * kPackedPanelRows * (format.has_min ? 2 : 1);
        for (int64_t p = 0; p < shape.num_panels; ++p) {
          for (int64_t i = 0; i < halves; ++i) {
            const uint16_t half = float_to_f16(0.001f * static_cast<float>(rng() % 64));
            std::memcpy(&panels[static_cast<size_t>(p * shape.panel_bytes + 2 * i)], &half, 2);
          }
        }
        constexpr int32_t kBlocks = kCols / kActivationBlock;
        std::vector<int8_t> values(static_cast<size_t>(tokens * kCols));
        std::vector<float> scales(static_cast<size_t>(tokens * kBlocks));
        std::vector<int32_t> sums(scales.size() * 7);
        std::normal_distribution<float> normal(0.0f, 1.0f);
        for (int32_t t = 0; t < tokens; ++t) {
          std::vector<float> x(kCols);
          for (float& value : x) value = normal(rng);
          int8_t expected_values[kCols];
          float expected_scales[kBlocks];
          int32_t expected_sums[7 * kBlocks];
          float expected_rest[kCols], rest[kCols];
          specification.quantize_row(x.data(), kCols, expected_values, expected_scales,
                                     expected_sums, expected_rest);
          GetParam().kernels.quantize_row(x.data(), kCols, &values[static_cast<size_t>(t * kCols)],
                                          &scales[static_cast<size_t>(t * kBlocks)],
                                          &sums[static_cast<size_t>(t * 7 * kBlocks)], rest);
          ASSERT_EQ(std::memcmp(expected_rest, rest, sizeof(rest)), 0);
          ASSERT_EQ(std::memcmp(expected_values, &values[static_cast<size_t>(t * kCols)], kCols),
                    0);
          ASSERT_EQ(std::memcmp(expected_sums, &sums[static_cast<size_t>(t * 7 * kBlocks)],
                                sizeof(expected_sums)),
                    0);
        }
        const int32_t first_sum = format.group == 32   ? 0
                                  : format.group == 64 ? 4 * kBlocks
                                                       : 6 * kBlocks;
        alignas(64) static uint8_t scratch[kPackedScratchBytes];
        std::vector<float> out(static_cast<size_t>(tokens * rows), 0.5f), expected = out;
        PackedLinearArgs args = {
            .panels = panels.data(),
            .panel_bytes = shape.panel_bytes,
            .num_rows = rows,
            .num_cols = kCols,
            .bits = format.bits,
            .group = format.group,
            .has_min = format.has_min,
            .x = {values.data(), kCols, scales.data(), kBlocks, sums.data() + first_sum,
                  7 * kBlocks},
            .num_tokens = tokens,
            .out = out.data(),
            .out_stride = rows,
            .accumulate = tokens == 3,
            .reads_once = false,
            .scratch = scratch,
        };
        GetParam().kernels.linear(&args);
        args.out = expected.data();
        specification.linear(&args);
        ASSERT_EQ(out, expected) << to_string(format) << " rows " << rows << " tokens " << tokens;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, PackedLanes, testing::ValuesIn(kTables),
                         [](const auto& table) { return std::string(table.param.name); });

}  // namespace
}  // namespace youtu
