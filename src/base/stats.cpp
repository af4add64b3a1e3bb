// Histograms and the bucket edges of the engine's.
#include "youtu/stats.h"

#include "base/check.h"

namespace youtu {
namespace {

constexpr std::array kFirstTokenEdges = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
                                         0.25,  0.5,   0.75, 1.0,  2.5,  5.0,  7.5,  10.0,
                                         20.0,  40.0,  80.0, 160., 640., 2560.};
constexpr std::array kTokenEdges = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,  0.3,  0.4, 0.5,
                                    0.75, 1.0,   2.5,  5.0,   7.5, 10.0, 20.0, 40.0, 80.0};
constexpr std::array kRequestEdges = {0.3,  0.5,   0.8,   1.0,   1.5,   2.0,    2.5,
                                      5.0,  10.0,  15.0,  20.0,  30.0,  40.0,   50.0,
                                      60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0};
// 1, 2, 5 of every power of ten up to the longest context.
constexpr std::array kCountEdges = {1.,     2.,     5.,     10.,     20.,    50.,
                                    100.,   200.,   500.,   1000.,   2000.,  5000.,
                                    10000., 20000., 50000., 100000., 200000.};
constexpr std::array kStepEdges = {1.,   8.,    16.,   32.,   64.,   128.,  256.,
                                   512., 1024., 2048., 4096., 8192., 16384.};

}  // namespace

void Histogram::observe(double value) {
  CHECK(upper_edges_.size() <= kMaxEdges);
  sum_ += value;
  ++count_;
  for (size_t i = 0; i < upper_edges_.size(); ++i) {
    if (!(value <= upper_edges_[i])) continue;
    ++buckets_[i];
    return;
  }
}

EngineHistograms::EngineHistograms()
    : time_to_first_token(kFirstTokenEdges),
      inter_token_latency(kTokenEdges),
      time_per_output_token(kTokenEdges),
      e2e_latency(kRequestEdges),
      queue_time(kRequestEdges),
      inference_time(kRequestEdges),
      prefill_time(kRequestEdges),
      decode_time(kRequestEdges),
      prompt_tokens(kCountEdges),
      generation_tokens(kCountEdges),
      max_tokens(kCountEdges),
      prefill_tokens(kCountEdges),
      step_tokens(kStepEdges),
      first_token_error(kFirstTokenEdges) {}

}  // namespace youtu
