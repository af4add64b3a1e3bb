#include "backend/cpu/kernel_check.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "backend/cpu/kernel_problems.h"
#include "backend/kernel_tables.h"
#include "base/check.h"
#include "base/numbers.h"
#include "tensor/dtype.h"

namespace youtu {

namespace {

// Both tables are given the same problem; the specification's answer is the right one.
class Comparison {
 public:
  Comparison(const CpuKernels& kernels, const CpuKernels& specification, uint64_t seed)
      : kernels_(kernels), specification_(specification), random_(seed) {}

  Status run() {
    RETURN_IF_ERROR(check_linear());
    RETURN_IF_ERROR(check_matmul());
    RETURN_IF_ERROR(check_rows());
    RETURN_IF_ERROR(check_softmax());
    RETURN_IF_ERROR(check_conversions());
    RETURN_IF_ERROR(check_packed());
    RETURN_IF_ERROR(check_latent());
    return kernels_.expands_in_bf16 ? check_bf16() : Status::ok();
  }
  int64_t num_calls() const { return num_calls_; }

 private:
  // A tolerance of 0 asks for the same bits.
  template <typename T>
  Status compare(const std::string& what, const std::vector<T>& actual,
                 const std::vector<T>& expected, double tolerance) {
    ++num_calls_;
    CHECK(actual.size() == expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      if (std::memcmp(&actual[i], &expected[i], sizeof(T)) == 0) continue;
      const double difference =
          std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
      if (difference <= tolerance) continue;  // false for what is no number, too
      return Status::internal(
          fmt::format("{}: element {} is {} instead of {}", what, i, actual[i], expected[i]));
    }
    return Status::ok();
  }

  Status check_linear();
  Status check_matmul();
  Status check_rows();
  Status check_softmax();
  Status check_conversions();
  Status check_packed();
  Status check_latent();
  Status check_bf16();

  const CpuKernels& kernels_;
  const CpuKernels& specification_;
  RandomValues random_;
  int64_t num_calls_ = 0;
};

// Of sums of products in another order: by the usual size of the sums, since that of the products
// differs between types.
double sum_tolerance(const std::vector<float>& sums) {
  double squares = 0;
  for (const float sum : sums) squares += double{sum} * sum;
  return 2e-5 * std::sqrt(squares / static_cast<double>(sums.size())) + 1e-6;
}

Status Comparison::check_linear() {
  struct Case {
    DType dtype;
    void (*CpuKernels::*kernel)(const LinearArgs*);
  };
  constexpr Case kCases[] = {{DType::kF32, &CpuKernels::linear_f32},
                             {DType::kF16, &CpuKernels::linear_f16},
                             {DType::kBF16, &CpuKernels::linear_bf16},
                             {DType::kQ8_0, &CpuKernels::linear_q8_0},
                             {DType::kQ4_0, &CpuKernels::linear_q4_0}};
  for (const Case& c : kCases) {
    for (const int32_t cols : {7, 33, 96, 1000, 1024}) {
      if (cols % dtype_info(c.dtype).block_values != 0) continue;
      for (const int32_t tokens : {1, 3, 8, 13}) {
        const LinearProblem problem(random_, c.dtype, /*num_rows=*/9, cols, tokens);
        const std::vector<float> expected = problem.solve(specification_.*c.kernel);
        RETURN_IF_ERROR(
            compare(fmt::format("linear_{}: cols {}, tokens {}", to_string(c.dtype), cols, tokens),
                    problem.solve(kernels_.*c.kernel), expected, sum_tolerance(expected)));
      }
    }
  }
  return Status::ok();
}

Status Comparison::check_matmul() {
  for (const bool is_f32 : {true, false}) {
    for (const int32_t n : {7, 65, 200}) {
      const MatmulProblem problem(random_, {.m = 5, .k = 17, .n = n}, is_f32);
      RETURN_IF_ERROR(compare(fmt::format("matmul_{}: columns {}", is_f32 ? "f32" : "bf16", n),
                              problem.solve(kernels_), problem.solve(specification_), 1e-4));
    }
  }
  return Status::ok();
}

Status Comparison::check_rows() {
  for (const int32_t n : {1, 15, 100, 1537}) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = random_.normal(size, 4.0f), y = random_.normal(size, 1.0f);
    std::vector<float> actual(size), expected(size);
    kernels_.rms_norm(x.data(), y.data(), n, 1e-6f, actual.data());
    specification_.rms_norm(x.data(), y.data(), n, 1e-6f, expected.data());
    RETURN_IF_ERROR(compare(fmt::format("rms_norm: {} values", n), actual, expected, 1e-4));
    kernels_.silu_mul(x.data(), y.data(), n, actual.data());
    specification_.silu_mul(x.data(), y.data(), n, expected.data());
    RETURN_IF_ERROR(compare(fmt::format("silu_mul: {} values", n), actual, expected, 1e-4));
    for (const bool interleaved : {true, false}) {
      actual = expected = x;
      kernels_.rotate(actual.data(), y.data(), x.data(), n / 2, interleaved);
      specification_.rotate(expected.data(), y.data(), x.data(), n / 2, interleaved);
      RETURN_IF_ERROR(compare(fmt::format("rotate: {} values", n), actual, expected, 0));
    }
    actual = expected = x;
    kernels_.scale(actual.data(), n, 0.37f);
    specification_.scale(expected.data(), n, 0.37f);
    RETURN_IF_ERROR(compare(fmt::format("scale: {} values", n), actual, expected, 1e-6));
    const auto blocks = static_cast<size_t>(div_ceil(n, int32_t{kMaximumColumns}));
    std::vector<float> actual_maxima(blocks), expected_maxima(blocks);
    kernels_.block_maxima(x.data(), n, actual_maxima.data());
    specification_.block_maxima(x.data(), n, expected_maxima.data());
    RETURN_IF_ERROR(
        compare(fmt::format("block_maxima: {} values", n), actual_maxima, expected_maxima, 0));
  }
  return Status::ok();
}

Status Comparison::check_softmax() {
  for (const int32_t n : {1, 15, 64, 101}) {
    const std::vector<float> scores = random_.normal(static_cast<size_t>(2 * n), 10.0f);
    const auto solve = [&](const CpuKernels& kernels) {
      std::vector<float> out = scores;
      SoftmaxState state = {-INFINITY, 0};
      for (int half = 0; half < 2; ++half) {
        const float correction = kernels.softmax_step(out.data() + half * n, n, 0.3f, &state);
        out.insert(out.end(), {correction, state.max, state.sum});
      }
      return out;
    };
    RETURN_IF_ERROR(compare(fmt::format("softmax_step: {} scores", n), solve(kernels_),
                            solve(specification_), 1e-4));
  }
  return Status::ok();
}

Status Comparison::check_conversions() {
  for (const int32_t n : {1, 15, 67}) {
    const auto size = static_cast<size_t>(n);
    const std::vector<float> x = random_.normal(size, 3.0f);
    std::vector<uint16_t> actual16(size), expected16(size), halves(size);
    kernels_.f32_to_bf16(x.data(), n, actual16.data());
    specification_.f32_to_bf16(x.data(), n, expected16.data());
    RETURN_IF_ERROR(compare(fmt::format("f32_to_bf16: {} values", n), actual16, expected16, 0));
    std::vector<float> actual(size), expected(size);
    kernels_.bf16_to_f32(expected16.data(), n, actual.data());
    specification_.bf16_to_f32(expected16.data(), n, expected.data());
    RETURN_IF_ERROR(compare(fmt::format("bf16_to_f32: {} values", n), actual, expected, 0));
    for (size_t i = 0; i < size; ++i) halves[i] = float_to_f16(x[i]);
    kernels_.f16_to_f32(halves.data(), n, actual.data());
    specification_.f16_to_f32(halves.data(), n, expected.data());
    RETURN_IF_ERROR(compare(fmt::format("f16_to_f32: {} values", n), actual, expected, 0));
  }
  return Status::ok();
}

Status Comparison::check_packed() {
  constexpr int32_t kTokens = 21;
  for (const int32_t bits : {4, 8}) {
    for (const int32_t group : {32, 64, 128}) {
      for (const bool has_min : {false, true}) {
        const PackedProblem problem(random_, {.bits = bits, .group = group, .has_min = has_min},
                                    /*num_rows=*/87, /*num_cols=*/1100, kTokens);
        const std::string what = fmt::format("{}", to_string(problem.shape().format));
        const RoundedRows actual = problem.round(kernels_), rounded = problem.round(specification_);
        const std::string rounding = "packed.quantize_row: " + what;
        RETURN_IF_ERROR(compare(rounding, actual.values, rounded.values, 0));
        RETURN_IF_ERROR(compare(rounding, actual.scales, rounded.scales, 0));
        RETURN_IF_ERROR(compare(rounding, actual.sums, rounded.sums, 0));
        RETURN_IF_ERROR(compare(rounding, actual.rest, rounded.rest, 0));
        for (const int32_t tokens : {1, 3, 6, 7, 8, 9, kTokens}) {
          RETURN_IF_ERROR(compare(fmt::format("packed.linear: {}, tokens {}", what, tokens),
                                  problem.solve(kernels_, rounded, tokens),
                                  problem.solve(specification_, rounded, tokens), 0));
        }
      }
    }
  }
  return Status::ok();
}

Status Comparison::check_latent() {
  for (const bool is_bytes : {true, false}) {
    for (const int32_t rows : {1, 5, 16}) {
      for (const int32_t tokens : {17, 255}) {
        const LatentProblem problem(random_, {.is_bytes = is_bytes,
                                              .num_rows = rows,
                                              .dims = rows == 5 ? 36 : 64,
                                              .rope_dims = rows == 5 ? 6 : 32,
                                              .num_tokens = tokens});
        const std::string what =
            fmt::format("{}, rows {}, tokens {}", is_bytes ? "bytes" : "words", rows, tokens);
        const LatentKernels &ours = kernels_.latent, &theirs = specification_.latent;
        RETURN_IF_ERROR(
            compare("latent.quantize: " + what, problem.round(ours), problem.round(theirs), 0));
        const std::vector<float> scores = problem.scores(theirs);
        RETURN_IF_ERROR(compare("latent.score: " + what, problem.scores(ours), scores, 0));
        RETURN_IF_ERROR(compare("latent.softmax and values: " + what, problem.attend(ours, scores),
                                problem.attend(theirs, scores), 0));
      }
    }
  }
  return Status::ok();
}

Status Comparison::check_bf16() {
  for (const int32_t rows : {1, 17, int32_t{kBf16Rows}}) {
    for (const int32_t tokens : {5, 81, int32_t{kLatentTile}}) {
      const Bf16Problem problem(random_, {.num_rows = rows,
                                          .key_dims = 96,
                                          .rope_dims = 32,
                                          .value_dims = rows == 17 ? 43 : 64,
                                          .num_tokens = tokens});
      const std::string what = fmt::format("rows {}, tokens {}", rows, tokens);
      const Bf16Kernels &ours = kernels_.bf16, &theirs = specification_.bf16;
      RETURN_IF_ERROR(compare("bf16.pack: " + what, problem.pack(ours), problem.pack(theirs), 0));
      const std::vector<float> scores = problem.scores(theirs);
      RETURN_IF_ERROR(compare("bf16.scores: " + what, problem.scores(ours), scores, 0));
      RETURN_IF_ERROR(compare("bf16.softmax and values: " + what, problem.attend(ours, scores),
                              problem.attend(theirs, scores), 0));
    }
  }
  return Status::ok();
}

}  // namespace

KernelCheck check_kernels(const CpuKernels& kernels, const CpuKernels& specification,
                          uint64_t seed) {
  Comparison comparison(kernels, specification, seed);
  KernelCheck check;
  check.status = comparison.run();
  check.num_calls = comparison.num_calls();
  return check;
}

std::vector<KernelTableCheck> check_kernel_tables(uint64_t seed) {
  std::vector<KernelTableCheck> checks;
  const std::vector<const CpuKernels*> tables = supported_kernels();
  const CpuKernels& specification = *tables.back();
  for (const CpuKernels* table : tables) {
    if (table == &specification) continue;
    const KernelCheck check = check_kernels(*table, specification, seed);
    checks.push_back({table->name, check.status, check.num_calls});
  }
  return checks;
}

}  // namespace youtu
