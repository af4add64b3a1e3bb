// A step that does not come back, with a clock that the test moves. Nothing here waits for time to
// pass: the test asks until it sees what must come.
#include "engine/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "engine/engine_options.h"
#include "engine/local_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/generate_alone.h"
#include "tests/support/scripted_executor.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(StepWatch, IsOverdueOnlyWhileAStepRuns) {
  test::FakeClock clock;
  StepWatch watch;
  EXPECT_FALSE(watch.is_overdue(clock.now()));
  watch.begin(clock.now(), milliseconds(100));
  clock.advance(100);
  EXPECT_FALSE(watch.is_overdue(clock.now()));
  clock.advance(1);
  EXPECT_TRUE(watch.is_overdue(clock.now()));
  watch.end();
  EXPECT_FALSE(watch.is_overdue(clock.now()));
}

TEST(OpenStreams, EndsThoseThatHaveNotEndedOnce) {
  OpenStreams streams;
  const auto open = std::make_shared<BoundedGenerationStream>(1, 10);
  const auto ended = std::make_shared<BoundedGenerationStream>(2, 10);
  for (const auto& stream : {open, ended}) streams.add(stream);
  for (int i = 0; i < 1000; ++i) streams.add(std::make_shared<BoundedGenerationStream>(3, 1));
  ended->finish("all", {}, {.reason = FinishReason::kLength});
  open->push("some", std::vector<TokenId>{1}, {});
  streams.abandon_all(Status::unavailable("gone"));
  streams.abandon_all(Status::unavailable("gone again"));
  EXPECT_TRUE(open->is_cancelled());
  // The engine may come back and say more.
  open->push("more", std::vector<TokenId>{2}, {});
  open->finish("", {}, {.reason = FinishReason::kCancelled});
  EXPECT_EQ(open->try_next()->text, "some");
  const auto last = open->try_next();
  EXPECT_EQ(last->finish_reason, FinishReason::kError);
  EXPECT_EQ(last->status.message(), "gone");
  EXPECT_FALSE(open->try_next());
  EXPECT_EQ(ended->try_next()->finish_reason, FinishReason::kLength);
}

class StuckStepTest : public testing::Test {
 protected:
  // A step of the engine begins and waits for the test.
  void start(int64_t step_timeout_ms = 1000) {
    EngineParts parts;
    parts.options.max_context_tokens = 2048;
    parts.options.max_batch_size = 2;
    parts.options.max_step_tokens = 1024;
    parts.options.step_timeout_ms = step_timeout_ms;
    auto executor = std::make_unique<ScriptedExecutor>(ToyTokenizer::kVocabSize,
                                                       num_cache_blocks_of(parts.options));
    executor->set_before_step([this](const BatchView&) {
      entered_.release();
      passes_.acquire();
      return Status::ok();
    });
    parts.tokenizer = std::make_shared<ToyTokenizer>();
    parts.executor = std::move(executor);
    parts.clock = &clock_;
    parts.watchdog_interval = milliseconds(1);
    engine_ = std::make_unique<LocalEngine>(std::move(parts));
    engine_->set_report([this](const std::string& line) {
      const std::scoped_lock lock(mutex_);
      lines_.push_back(line);
    });
  }
  ~StuckStepTest() override { passes_.release(100'000); }

  std::vector<std::string> wait_for_lines(size_t count) {
    for (;;) {
      const std::scoped_lock lock(mutex_);
      if (lines_.size() >= count) return lines_;
      std::this_thread::yield();
    }
  }
  static GenerationEvent read_last(GenerationHandle& handle) {
    for (;;) {
      const auto event = handle.wait_next(std::chrono::minutes(1));
      if (event && event->finish_reason != FinishReason::kNone) return *event;
      EXPECT_TRUE(event) << "no event in a minute";
      if (!event) return {};
    }
  }

  test::FakeClock clock_;
  std::counting_semaphore<> entered_{0};
  std::counting_semaphore<> passes_{0};
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::unique_ptr<LocalEngine> engine_;
};

TEST_F(StuckStepTest, IsNoticedAndEndsWhatIsOpen) {
  start();
  auto running = engine_->submit(make_request(3, 5, 1));
  entered_.acquire();
  auto waiting = engine_->submit(make_request(3, 5, 2));
  clock_.advance(1000);
  EXPECT_TRUE(engine_->health());
  clock_.advance(1);
  EXPECT_EQ(engine_->health().reason(), "step_stuck");
  EXPECT_EQ(engine_->health().code(), StatusCode::kUnavailable);
  EXPECT_THAT(wait_for_lines(1)[0], HasSubstr("does not come back (step_timeout is 1000 ms)"));
  for (GenerationHandle* handle : {&*running, &*waiting}) {
    const GenerationEvent last = read_last(*handle);
    EXPECT_EQ(last.finish_reason, FinishReason::kError);
    EXPECT_EQ(last.status.reason(), "step_stuck");
  }
  EXPECT_EQ(engine_->submit(make_request(3, 5, 3)).status().reason(), "step_stuck");
  EXPECT_EQ(engine_->check_room().reason(), "step_stuck");
  EXPECT_EQ(engine_->stats().stuck_steps, 1);
}

TEST_F(StuckStepTest, IsForgottenWhenItComesBack) {
  start();
  auto running = engine_->submit(make_request(3, 5, 1));
  entered_.acquire();
  clock_.advance(2000);
  wait_for_lines(1);
  passes_.release(100'000);
  EXPECT_THAT(wait_for_lines(2)[1], HasSubstr("is over"));
  EXPECT_TRUE(engine_->health());
  const GenerationRequest request = make_request(20, 5, 3);
  auto later = engine_->submit(request);
  ASSERT_TRUE(later.is_ok());
  EXPECT_EQ(read_last(*later).finish_reason, FinishReason::kLength);
  engine_->drain();
  EXPECT_EQ(engine_->stats().stuck_steps, 1);
  EXPECT_EQ(engine_->stats().blocks_in_use, 0);
  EXPECT_EQ(engine_->stats().requests_finished, 2);
}

TEST_F(StuckStepTest, GivesLongerStepsMoreTime) {
  start();
  auto running = engine_->submit(make_request(1000, 5, 1));
  entered_.acquire();
  clock_.advance(16'000);  // once for each 64 of them
  EXPECT_TRUE(engine_->health());
  clock_.advance(1);
  EXPECT_FALSE(engine_->health());
}

TEST_F(StuckStepTest, GivesStepsThatAreSlowMoreTime) {
  start();
  auto running = engine_->submit(make_request(3, 5, 1));
  entered_.acquire();
  clock_.advance(800);  // the first one is slow, so the next may be
  passes_.release();
  entered_.acquire();
  clock_.advance(1000);
  EXPECT_TRUE(engine_->health());
  clock_.advance(1000);
  EXPECT_TRUE(engine_->health());
  clock_.advance(60'000);
  EXPECT_FALSE(engine_->health());
}

TEST_F(StuckStepTest, IsNeverNoticedWhereThatIsOff) {
  start(0);
  auto running = engine_->submit(make_request(3, 5, 1));
  entered_.acquire();
  clock_.advance(int64_t{24} * 3600 * 1000);
  EXPECT_TRUE(engine_->health());
}

}  // namespace
}  // namespace youtu
