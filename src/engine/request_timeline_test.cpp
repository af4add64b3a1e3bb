#include "engine/request_timeline.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TimePoint at(double seconds) {
  return TimePoint() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

TEST(RequestTimeline, PartsAddUpToTheWhole) {
  RequestTimeline timeline(at(1.0), 10);
  timeline.add_step(at(1.5), at(2.0), 100, 0);
  timeline.add_step(at(2.0), at(2.25), 20, 1);
  timeline.add_step(at(2.25), at(2.5), 1, 1);
  timeline.add_step(at(3.0), at(3.25), 1, 1);
  const RequestTimings timings = timeline.account(at(3.5));
  EXPECT_DOUBLE_EQ(timings.queue_seconds, 0.5);
  EXPECT_DOUBLE_EQ(timings.prefill_seconds, 0.75);
  EXPECT_DOUBLE_EQ(timings.decode_seconds, 1.0);
  EXPECT_DOUBLE_EQ(timings.delivery_seconds, 0.25);
  EXPECT_DOUBLE_EQ(timings.total_seconds(), 2.5);
  ASSERT_EQ(timings.prefill_chunks.size(), 2u);
  EXPECT_EQ(timings.prefill_chunks[0].tokens, 100);
  EXPECT_DOUBLE_EQ(timings.prefill_chunks[1].seconds, 0.25);
  EXPECT_EQ(timings.prefill_tokens, 120);
  EXPECT_EQ(timings.num_steps, 4);
  EXPECT_DOUBLE_EQ(timings.inter_token_p50_seconds, 0.25);
  EXPECT_DOUBLE_EQ(timings.inter_token_p99_seconds, 0.75);
}

TEST(RequestTimeline, RequestThatNeverRanOnlyWaited) {
  const RequestTimeline timeline(at(1.0), 1);
  const RequestTimings timings = timeline.account(at(4.0));
  EXPECT_DOUBLE_EQ(timings.queue_seconds, 3.0);
  EXPECT_DOUBLE_EQ(timings.total_seconds(), 3.0);
  EXPECT_EQ(timings.num_steps, 0);
  EXPECT_DOUBLE_EQ(timings.inter_token_p99_seconds, 0.0);
}

TEST(RequestTimeline, RequestCutOffInItsPromptHasNoDecode) {
  RequestTimeline timeline(at(0.0), 1);
  timeline.add_step(at(1.0), at(2.0), 8, 0);
  const RequestTimings timings = timeline.account(at(5.0));
  EXPECT_DOUBLE_EQ(timings.prefill_seconds, 4.0);
  EXPECT_DOUBLE_EQ(timings.decode_seconds, 0.0);
  EXPECT_DOUBLE_EQ(timings.total_seconds(), 5.0);
}

TEST(RequestTimeline, TokensOfOneStepComeTogether) {
  RequestTimeline timeline(at(0.0), 10);
  timeline.add_step(at(0.0), at(1.0), 4, 1);
  timeline.add_step(at(1.0), at(2.0), 3, 3);
  const RequestTimings timings = timeline.account(at(2.0));
  // Gaps of 1, 0 and 0 seconds.
  EXPECT_DOUBLE_EQ(timings.inter_token_p50_seconds, 0.0);
  EXPECT_DOUBLE_EQ(timings.inter_token_p99_seconds, 1.0);
}

TEST(RequestTimeline, CountsChunksBeyondThoseItKeeps) {
  RequestTimeline timeline(at(0.0), 1);
  for (size_t i = 0; i < kMaxPrefillChunks + 6; ++i) timeline.add_step(at(0.0), at(1.0), 2, 0);
  const RequestTimings timings = timeline.account(at(1.0));
  EXPECT_EQ(timings.prefill_chunks.size(), kMaxPrefillChunks);
  EXPECT_EQ(timings.num_prefill_chunks, static_cast<int64_t>(kMaxPrefillChunks) + 6);
  EXPECT_EQ(timings.prefill_tokens, 2 * (static_cast<int64_t>(kMaxPrefillChunks) + 6));
}

}  // namespace
}  // namespace youtu
