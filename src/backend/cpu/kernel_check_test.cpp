#include "backend/cpu/kernel_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "backend/cpu/cpu_features.h"

namespace youtu {
namespace {

const CpuKernels& scalar() {
  return *supported_kernels().back();
}

class KernelCheckTest : public testing::TestWithParam<const CpuKernels*> {};

TEST_P(KernelCheckTest, FindsNothingWrongWithATableOfOurs) {
  const uint64_t seed = std::random_device{}();
  const KernelCheck check = check_kernels(*GetParam(), scalar(), seed);
  EXPECT_TRUE(check.status) << "seed " << seed << ": " << check.status.message();
  EXPECT_GT(check.num_calls, 200);
}

INSTANTIATE_TEST_SUITE_P(Tables, KernelCheckTest, testing::ValuesIn(supported_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

// The least that a broken kernel may do: one value of its output is a little off.
template <auto kKernel>
void spoil_linear(const LinearArgs* args) {
  (scalar().*kKernel)(args);
  args->out[0] += 0.01f;
}

TEST(KernelCheck, NamesTheKernelThatIsWrong) {
  const auto wrong = [](auto change) {
    CpuKernels kernels = scalar();
    change(kernels);
    return check_kernels(kernels, scalar(), 1).status.message();
  };
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.linear_q4_0 = spoil_linear<&CpuKernels::linear_q4_0>;
              }).starts_with("linear_Q4_0: cols 96, tokens 1: element 0 is "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.matmul_bf16 = [](const MatmulArgs* args) {
                  scalar().matmul_bf16(args);
                  args->c[args->N - 1] += 0.01f;
                };
              }).starts_with("matmul_bf16: "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.scale = [](float* x, int32_t n, float factor) {
                  scalar().scale(x, n - 1, factor);
                };
              }).starts_with("scale: "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.f16_to_f32 = [](const uint16_t* from, int64_t n, float* to) {
                  scalar().f16_to_f32(from, n - 1, to);
                };
              }).starts_with("f16_to_f32: "));
  // Where the bits must be the same, the last one counts.
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.packed.linear = [](const PackedLinearArgs* args) {
                  scalar().packed.linear(args);
                  args->out[1] = std::nextafter(args->out[1], 100.0f);
                };
              }).starts_with("packed.linear: "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.latent.merge = [](float* out, float keep, const float* x, float gain, int32_t n) {
                  scalar().latent.merge(out, keep, x, gain, n);
                  out[n - 1] = std::nextafter(out[n - 1], 100.0f);
                };
              }).starts_with("latent.softmax and values: "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.latent.quantize = [](const float* x, int32_t n, float limit, int16_t* out) {
                  return std::nextafter(scalar().latent.quantize(x, n, limit, out), 100.0f);
                };
              }).starts_with("latent.quantize: "));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.latent.score_words = k.latent.score_bytes;
              }).starts_with("latent.score: words"));
  EXPECT_TRUE(wrong([](CpuKernels& k) {
                k.expands_in_bf16 = true;
                k.bf16.values = [](const Bf16ValueArgs* args) {
                  scalar().bf16.values(args);
                  args->out[0] = std::nextafter(args->out[0], 100.0f);
                };
              }).starts_with("bf16.softmax and values: "));
}

}  // namespace
}  // namespace youtu
