#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/cpu_count.h"

namespace youtu {
namespace {

TEST(ThreadPool, RunsEveryTaskOnceOnAKnownWorker) {
  for (const int num_threads : {1, 2, 5}) {
    ThreadPool pool(num_threads);
    for (const int num_tasks : {0, 1, 2, 3, 100}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(num_tasks));
      std::atomic<bool> knows_workers = true;
      pool.parallel_for(num_tasks, [&](int task, int worker) {
        ++runs[static_cast<size_t>(task)];
        if (worker < 0 || worker >= pool.num_threads()) knows_workers = false;
      });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
      EXPECT_TRUE(knows_workers);
    }
  }
}

// The thread of the first task stays in it until the other has done all the rest, its own included.
TEST(ThreadPool, TakesTheTasksOfAThreadThatIsLate) {
  ThreadPool pool(2);
  constexpr int kTasks = 9;
  std::atomic<int> done = 0;
  int done_meanwhile = 0;
  pool.parallel_for(kTasks, [&](int task, int) {
    if (task > 0) {
      ++done;
      return;
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (done < kTasks - 1 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    done_meanwhile = done;
  });
  EXPECT_EQ(done_meanwhile, kTasks - 1);
}

TEST(ThreadPool, SeesWhatEarlierJobsWrote) {
  ThreadPool pool(4);
  std::vector<int64_t> values(1000, 1);
  for (int round = 0; round < 2000; ++round) {
    pool.parallel_for(8, [&](int task, int) {
      for (size_t i = static_cast<size_t>(task) * 125; i < static_cast<size_t>(task + 1) * 125; ++i)
        ++values[i];
    });
  }
  for (const int64_t value : values) ASSERT_EQ(value, 2001);
}

// Workers sleep between jobs that are far apart; a job must wake them or do without them.
TEST(ThreadPool, WorksAfterARest) {
  ThreadPool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::atomic<int> sum = 0;
    pool.parallel_for(10, [&](int task, int) { sum += task; });
    ASSERT_EQ(sum, 45);
  }
}

TEST(ThreadPool, StopsWhileItsWorkersSleep) {
  for (int round = 0; round < 20; ++round) {
    ThreadPool pool(3);
    if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(CpuCount, IsBetweenOneAndTheMachine) {
  EXPECT_GE(available_cpu_count(), 1);
  EXPECT_LE(available_cpu_count(), static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace youtu
