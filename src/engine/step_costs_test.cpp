#include "engine/step_costs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

namespace youtu {
namespace {

using Machine = std::function<double(const StepSize&)>;

// Reading takes 45 ms, then every row 4 ms; attention 50 ns a pair.
double bandwidth_bound(const StepSize& size) {
  return std::max(0.045, 0.004 * static_cast<double>(size.rows)) +
         50e-9 * static_cast<double>(size.pairs);
}
double line(const StepSize& size) {
  return 0.045 + 0.013 * static_cast<double>(size.rows) + 30e-9 * static_cast<double>(size.pairs);
}

// A mix as a server has it: streams alone, streams with a slice of a prompt, prompts alone.
StepSize random_step(std::mt19937& rng) {
  const int64_t streams = static_cast<int64_t>(rng() % 9);
  const int64_t slice = rng() % 2 == 0 ? 0 : static_cast<int64_t>(1 + rng() % 64);
  const int64_t lone = streams + slice == 0 ? 512 : 0;
  const int64_t context = static_cast<int64_t>(rng() % 4096);
  const int64_t rows = streams + slice + lone;
  return {.rows = rows, .pairs = rows * context};
}

void teach(StepCosts& costs, const Machine& machine, int count, std::mt19937& rng) {
  std::uniform_real_distribution<double> noise(0.95, 1.05);
  for (int i = 0; i < count; ++i) {
    const StepSize step = random_step(rng);
    costs.observe(step, machine(step) * noise(rng));
  }
}

void expect_near(const StepCosts& costs, const Machine& machine, double tolerance) {
  for (const int64_t rows : {1, 2, 4, 7, 8, 12, 24, 40, 72, 512}) {
    for (const int64_t context : {10, 1000, 4000}) {
      const StepSize step = {.rows = rows, .pairs = rows * context};
      EXPECT_NEAR(costs.predict(step) / machine(step), 1.0, tolerance)
          << rows << " rows, context " << context;
    }
  }
}

TEST(StepCosts, LearnsAMachine) {
  for (const Machine& machine : {Machine(bandwidth_bound), Machine(line)}) {
    std::mt19937 rng(1);
    StepCosts costs(512);
    teach(costs, machine, 2000, rng);
    expect_near(costs, machine, 0.25);
  }
}

TEST(StepCosts, FollowsAMachineThatChanges) {
  std::mt19937 rng(2);
  StepCosts costs(512);
  teach(costs, line, 500, rng);
  const Machine slower = [](const StepSize& step) { return 2 * line(step); };
  teach(costs, slower, 500, rng);
  expect_near(costs, slower, 0.3);
}

TEST(StepCosts, BelievesItsFirstStep) {
  StepCosts costs(512);
  EXPECT_EQ(costs.predict({.rows = 1}), 0.0);
  EXPECT_FALSE(costs.has_observations());
  costs.observe({.rows = 1}, 0.05);
  EXPECT_TRUE(costs.has_observations());
  EXPECT_DOUBLE_EQ(costs.predict({.rows = 1}), 0.05);
  // Nothing is known of more rows but that they will not be free for ever.
  EXPECT_GT(costs.predict({.rows = 64}), 0.05);
  EXPECT_GT(costs.predict({.rows = 1024}), costs.predict({.rows = 512}));
}

TEST(StepCosts, NeverFallsWithMoreWork) {
  std::mt19937 rng(3);
  StepCosts costs(300);
  std::uniform_real_distribution<double> any(0.0, 0.2);
  for (int i = 0; i < 300; ++i) {
    costs.observe(random_step(rng), any(rng));
    double before = 0;
    for (int64_t rows = 1; rows <= 310; ++rows) {
      const double seconds = costs.predict({.rows = rows, .pairs = rows});
      ASSERT_GE(seconds, before - 1e-12) << "step " << i << ", " << rows << " rows";
      before = seconds;
    }
  }
}

}  // namespace
}  // namespace youtu
