#include "engine/engine_options.h"

#include <gtest/gtest.h>

#include <functional>

namespace youtu {
namespace {

constexpr int64_t kModelContext = 131072;

struct OptionCase {
  std::function<void(EngineOptions&)> set;
  const char* param;  // "" if the options are allowed
};

TEST(EngineOptions, NamesTheOptionThatIsOutOfRange) {
  const OptionCase cases[] = {
      {[](auto&) {}, ""},
      {[](auto& o) { o.max_context_tokens = 131072; }, ""},
      {[](auto& o) { o.max_context_tokens = 131073; }, "max_context_tokens"},
      {[](auto& o) { o.max_context_tokens = 1; }, "max_context_tokens"},
      {[](auto& o) { o.max_batch_size = 0; }, "max_batch_size"},
      {[](auto& o) { o.max_batch_size = 1025; }, "max_batch_size"},
      {[](auto& o) { o.batch_timeout_ms = -1; }, "batch_timeout_ms"},
      {[](auto& o) { o.batch_timeout_ms = 60001; }, "batch_timeout_ms"},
      {[](auto& o) { o.max_step_tokens = 7; }, "max_step_tokens"},
      {[](auto& o) { o.max_step_tokens = 8; }, ""},
      {[](auto& o) { o.max_step_tokens = 65537; }, "max_step_tokens"},
      {[](auto& o) {
         o.max_step_tokens = 1;
         o.enable_batching = false;
       },
       ""},
      {[](auto& o) { o.max_queued_requests = 0; }, ""},
      {[](auto& o) { o.max_queued_requests = -1; }, "max_queued_requests"},
      {[](auto& o) { o.num_threads = 1024; }, ""},
      {[](auto& o) { o.num_threads = -1; }, "num_threads"},
      {[](auto& o) { o.num_threads = 1025; }, "num_threads"},
      {[](auto& o) { o.cache_dtype = "int8"; }, ""},
      {[](auto& o) { o.cache_dtype = ""; }, "cache_dtype"},
      {[](auto& o) { o.cache_dtype = "INT8"; }, "cache_dtype"},
      {[](auto& o) { o.cache_tokens = 2048; }, ""},
      {[](auto& o) { o.cache_tokens = 2047; }, "cache_tokens"},
      {[](auto& o) { o.cache_tokens = -1; }, "cache_tokens"},
      {[](auto& o) { o.cache_tokens = int64_t{1} << 40; }, "cache_tokens"},
      {[](auto& o) { o.max_batch_size = 513; }, "max_step_tokens"},
      {[](auto& o) {
         o.max_batch_size = o.max_step_tokens = 1024;
         o.max_context_tokens = 131072;
       },
       ""},
  };
  int index = 0;
  for (const OptionCase& option_case : cases) {
    SCOPED_TRACE(testing::Message() << "case " << index++);
    EngineOptions options;
    option_case.set(options);
    const Status status = validate(options, kModelContext);
    EXPECT_EQ(status.param(), option_case.param) << status.message();
    EXPECT_EQ(status.is_ok(), std::string(option_case.param).empty());
  }
}

TEST(EngineOptions, BoundsACacheThatNothingElseBounds) {
  EngineOptions options;
  options.max_batch_size = options.max_step_tokens = 1024;
  options.max_context_tokens = int64_t{1} << 30;
  const Status status = validate(options, int64_t{1} << 30);
  EXPECT_EQ(status.param(), "max_context_tokens");
  options.cache_tokens = int64_t{1} << 28;
  EXPECT_EQ(validate(options, int64_t{1} << 30).param(), "cache_tokens");
}

TEST(EngineOptions, SizesTheCacheInWholeBlocks) {
  EngineOptions options;
  options.max_context_tokens = 100;
  options.max_batch_size = 3;
  EXPECT_EQ(num_cache_blocks_of(options), 3 * 7);
  options.enable_batching = false;
  EXPECT_EQ(batch_size_of(options), 1);
  EXPECT_EQ(num_cache_blocks_of(options), 7);
  options.cache_tokens = 161;
  EXPECT_EQ(num_cache_blocks_of(options), 11);
}

}  // namespace
}  // namespace youtu
