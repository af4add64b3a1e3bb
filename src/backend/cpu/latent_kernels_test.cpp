// The kernels of the 8-bit latent cache in every table against the scalar specification, on odd
// sizes: the same bits.

#include "backend/cpu/latent_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "backend/cpu/kernels.h"
#include "tests/support/same_bits.h"

namespace youtu {
namespace {

using test::expect_same_bits;

const LatentKernels& scalar() {
  return supported_kernels().back()->latent;
}

template <typename T>
std::vector<T> random_integers(size_t n, int low, int high, uint32_t seed) {
  std::mt19937 rng(seed);
  std::uniform_int_distribution<int> uniform(low, high);
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(uniform(rng));
  return values;
}

std::vector<float> random_floats(size_t n, float low, float high, uint32_t seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(n);
  for (float& value : values) value = uniform(rng);
  return values;
}

struct Shape {
  bool is_bytes = true;
  int32_t num_rows = 0, dims = 0, rope_dims = 0;
  int32_t count = 0;  // tokens
};

// A tile of the context and queries.
struct Problem : Shape {
  explicit Problem(const Shape& shape) : Shape(shape) {
    num_blocks = (count + kLatentBlock - 1) / kLatentBlock;
    const auto blocks = static_cast<size_t>(num_blocks);
    const auto seed = static_cast<uint32_t>(num_rows + dims + rope_dims + count);
    const size_t key_bytes = kLatentBlock * static_cast<size_t>(dims) * (is_bytes ? 1 : 2);
    const size_t rope_bytes = kLatentBlock * static_cast<size_t>(rope_dims) * 2;
    if (is_bytes) {
      bytes = random_integers<uint8_t>(blocks * key_bytes, 1, 255, seed);
    } else {
      const auto words = random_integers<int16_t>(blocks * key_bytes / 2, -4095, 4095, seed);
      bytes.resize(blocks * key_bytes);
      std::memcpy(bytes.data(), words.data(), bytes.size());
    }
    rope_words = random_integers<int16_t>(blocks * rope_bytes / 2, -4095, 4095, seed + 1);
    for (size_t b = 0; b < blocks; ++b) {
      keys.push_back(bytes.data() + b * key_bytes);
      ropes.push_back(reinterpret_cast<const uint8_t*>(rope_words.data()) + b * rope_bytes);
    }
    const auto rows_size = static_cast<size_t>(num_rows);
    queries =
        random_integers<int16_t>(rows_size * static_cast<size_t>(dims), -4000, 4000, seed + 2);
    rope_queries =
        random_integers<int16_t>(rows_size * static_cast<size_t>(rope_dims), -4000, 4000, seed + 3);
    const size_t tokens = blocks * kLatentBlock;
    key_scales = random_floats(tokens, 0.001f, 0.1f, seed + 4);
    rope_scales = random_floats(tokens, 0.00001f, 0.001f, seed + 5);
    for (int32_t r = 0; r < num_rows; ++r) {
      rows.push_back({2e-5f * static_cast<float>(r + 1), 1e-4f, 0});
    }
  }

  std::vector<float> scores(const LatentKernels& kernels) const {
    std::vector<float> out(static_cast<size_t>(num_rows) * kLatentTile);
    // The numbers of the queries are those of the rows, one after the other; words may lie as they
    // do.
    std::vector<LatentQuery> of_rows = rows;
    std::vector<int16_t> placed = queries, placed_ropes = rope_queries;
    for (int32_t r = 0; is_bytes && r < num_rows; ++r) {
      const LatentPlaceArgs place = {.key = queries.data() + r * dims,
                                     .rope = rope_queries.data() + r * rope_dims,
                                     .key_dims = dims,
                                     .rope_dims = rope_dims,
                                     .row = r,
                                     .num_rows = num_rows,
                                     .keys = placed.data(),
                                     .ropes = placed_ropes.data()};
      of_rows[static_cast<size_t>(r)].sum = kernels.place_query(&place);
    }
    const LatentScoreArgs args = {.keys = keys.data(),
                                  .ropes = ropes.data(),
                                  .num_blocks = num_blocks,
                                  .key_dims = dims,
                                  .rope_dims = rope_dims,
                                  .key_scales = key_scales.data(),
                                  .rope_scales = rope_scales.data(),
                                  .queries = placed.data(),
                                  .rope_queries = placed_ropes.data(),
                                  .rows = of_rows.data(),
                                  .num_rows = num_rows,
                                  .scores = out.data(),
                                  .score_stride = kLatentTile};
    (is_bytes ? kernels.score_bytes : kernels.score_words)(&args);
    return out;
  }

  int32_t num_blocks = 0;
  std::vector<uint8_t> bytes;
  std::vector<int16_t> rope_words, queries, rope_queries;
  std::vector<const uint8_t*> keys, ropes;
  std::vector<float> key_scales, rope_scales;
  std::vector<LatentQuery> rows;
};

std::string describe(const Problem& p) {
  return std::string(p.is_bytes ? "bytes" : "words") + ", rows " + std::to_string(p.num_rows) +
         ", dims " + std::to_string(p.dims) + ", rope " + std::to_string(p.rope_dims) +
         ", tokens " + std::to_string(p.count);
}

std::vector<Problem> problems() {
  std::vector<Problem> list;
  for (const bool is_bytes : {true, false}) {
    for (const int32_t rows : {1, 2, 3, 5, 6, 8, 11, 16, 17}) {
      list.emplace_back(Shape{is_bytes, rows, 40, 8, 33});
    }
    for (const int32_t count : {1, 15, 16, 17, 48, 255, 256}) {
      list.emplace_back(Shape{is_bytes, 4, 36, 6, count});
    }
    list.emplace_back(Shape{is_bytes, 16, is_bytes ? 512 : 128, 64, 200});
    list.emplace_back(Shape{is_bytes, 5, 100, 42, 70});  // lines of queries, and what is left over
    // What fits the tiles of AMX, and what has rows, tokens and tiles left over.
    for (const int32_t rows : {1, 3, 16, 17, 33}) {
      for (const int32_t count : {5, 33, 70, 256}) {
        list.emplace_back(Shape{is_bytes, rows, 64, 32, count});
      }
    }
  }
  return list;
}

// Softmax and values of a table: what is in out, the states, and what the weights mean.
struct Attended {
  std::vector<float> out;
  std::vector<float> numbers;
};

Attended attend(const LatentKernels& kernels, const Problem& p, int32_t value_dims) {
  const auto rows = static_cast<size_t>(p.num_rows);
  const int64_t line = (value_dims + 15) / 16 * 16;
  const auto values = random_integers<int16_t>(static_cast<size_t>(line) * kLatentTile, -1023, 1023,
                                               static_cast<uint32_t>(value_dims));
  const auto* words = reinterpret_cast<const uint8_t*>(values.data());
  std::vector<uint8_t> memory((rows + 1) * kLatentTile * kWeightBytes + 64);
  uint8_t* weights = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64);
  const int64_t stride = value_dims + 3;
  Attended result = {std::vector<float>(rows * static_cast<size_t>(stride), 0.5f), {}};
  std::vector<SoftmaxState> states(rows, {-INFINITY, 0});
  for (int step = 0; step < 2; ++step) {  // the second tile is joined to the first
    auto scores = p.scores(scalar());
    std::vector<LatentWeights> of_rows;
    for (int32_t r = 0; r < p.num_rows; ++r) {
      float* row = scores.data() + r * kLatentTile;
      if (step == 1) row[0] += static_cast<float>(r % 3) * 5;
      const LatentSoftmaxArgs args = {row,     p.count, p.key_scales.data(), 16383.0f,
                                      weights, r,       p.num_rows};
      SoftmaxState& state = states[static_cast<size_t>(r)];
      of_rows.push_back(
          (p.is_bytes ? kernels.softmax_bytes : kernels.softmax_words)(&args, &state));
      result.numbers.insert(result.numbers.end(),
                            {of_rows.back().scale, of_rows.back().keep,
                             static_cast<float>(of_rows.back().total), state.max, state.sum});
    }
    const LatentValueArgs args = {.values = p.is_bytes ? p.keys.data() : &words,
                                  .num_blocks = p.num_blocks,
                                  .value_dims = value_dims,
                                  .value_stride = line,
                                  .weights = weights,
                                  .rows = of_rows.data(),
                                  .num_rows = p.num_rows,
                                  .out = result.out.data(),
                                  .out_stride = stride};
    (p.is_bytes ? kernels.values_bytes : kernels.values_words)(&args);
  }
  return result;
}

class LatentKernelsTest : public testing::TestWithParam<const CpuKernels*> {
 protected:
  const LatentKernels& kernels() const { return GetParam()->latent; }
};

TEST_P(LatentKernelsTest, RoundingHasTheBitsOfTheSpecification) {
  for (const int32_t n : {1, 2, 7, 8, 15, 16, 17, 64, 100, 512}) {
    const auto x = random_floats(static_cast<size_t>(n), -3, 3, static_cast<uint32_t>(n));
    for (const float limit : {127.0f, 4095.0f, 32767.0f}) {
      std::vector<int16_t> expected(x.size()), actual(x.size());
      const float scale = scalar().quantize(x.data(), n, limit, expected.data());
      EXPECT_EQ(kernels().quantize(x.data(), n, limit, actual.data()), scale);
      expect_same_bits(actual, expected, std::to_string(n) + " values");
    }
  }
  const std::vector<float> zeros(20, 0.0f);
  std::vector<int16_t> words(20, 7);
  EXPECT_EQ(kernels().quantize(zeros.data(), 20, 127, words.data()), 0);
  EXPECT_EQ(words, std::vector<int16_t>(20, 0));
}

TEST_P(LatentKernelsTest, ScoresHaveTheBitsOfTheSpecification) {
  for (const Problem& p : problems()) {
    expect_same_bits(p.scores(kernels()), p.scores(scalar()), describe(p));
  }
}

TEST_P(LatentKernelsTest, SoftmaxAndValuesHaveTheBitsOfTheSpecification) {
  for (const Problem& p : problems()) {
    for (const int32_t dims : {p.dims, p.dims - 1, p.dims - 3}) {
      const Attended expected = attend(scalar(), p, dims), actual = attend(kernels(), p, dims);
      expect_same_bits(actual.numbers, expected.numbers, describe(p) + ", softmax");
      expect_same_bits(actual.out, expected.out, describe(p) + ", values");
    }
  }
}

// The largest integers that attention_shape.h allows, all of one sign.
TEST_P(LatentKernelsTest, SumsFitTheirIntegers) {
  Problem p(Shape{true, 3, 512, 64, 256});
  std::fill(p.bytes.begin(), p.bytes.end(), uint8_t{255});
  std::fill(p.queries.begin(), p.queries.end(), int16_t{32767});
  std::fill(p.rope_words.begin(), p.rope_words.end(), int16_t{4095});
  std::fill(p.rope_queries.begin(), p.rope_queries.end(), int16_t{8193});
  for (LatentQuery& row : p.rows) row = {1, 1, 0};
  const auto scores = p.scores(kernels());
  const double key = 512.0 * 127 * 32767, rope = 64.0 * 4095 * 8193;
  for (size_t t = 0; t < kLatentTile; ++t) {
    const double expected =
        key * static_cast<double>(p.key_scales[t]) + rope * static_cast<double>(p.rope_scales[t]);
    EXPECT_NEAR(scores[t], expected, 1e-6 * expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, LatentKernelsTest, testing::ValuesIn(supported_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace youtu
