// The threads that kernels run on. The idea: a thread that is late is left behind, not waited for.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace youtu {

// A fixed set of workers beside the calling thread. In parallel_for each thread begins with a run
// of tasks of its own, in order, and then takes from the others' runs, so a worker that the
// operating system has put aside takes fewer of them, and one that has not even begun when the last
// task is taken is not waited for. Workers spin for a short, bounded time after their last task and
// then sleep, so that an idle engine uses no processor time and a busy neighbour gets its share.
//
// One thread at a time may call parallel_for; tasks must not call it.
class ThreadPool {
 public:
  // `num_threads` counts the calling thread: 1 means no workers. REQUIRES: at least 1.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls fn(task, worker) for every task in [0, num_tasks), in no particular order; worker is in
  // [0, num_threads()). Returns when all have returned. Allocates nothing.
  template <typename Fn>
  void parallel_for(int num_tasks, const Fn& fn) {
    run({&fn,
         [](const void* context, int task, int worker) {
           (*static_cast<const Fn*>(context))(task, worker);
         },
         num_tasks});
  }

 private:
  struct Job {
    const void* context = nullptr;
    void (*call)(const void* context, int task, int worker) = nullptr;
    int num_tasks = 0;
  };

  // A run of tasks that follow each other: those that a thread begins with.
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };

  void run(const Job& job);
  void run_tasks(int worker);
  void work(int worker);
  bool enter(uint64_t gate);
  void stop();

  // The gate of the current job: its number (upper bits), whether workers may still enter, and how
  // many are inside.
  static constexpr uint64_t kOpen = 1u << 16;
  static constexpr uint64_t kInsideMask = kOpen - 1;
  static constexpr uint64_t kNextJob = kOpen << 1;

  Job job_;
  alignas(64) std::atomic<uint64_t> gate_{0};
  std::vector<Share> shares_;  // of the current job, one for each thread
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace youtu
