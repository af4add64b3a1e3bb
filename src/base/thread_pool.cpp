#include "base/thread_pool.h"

#include <chrono>
#include <system_error>

#include "base/check.h"

namespace youtu {

namespace {

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// How long a thread spins before it sleeps. The gaps between the parallel regions of a step are
// tens of microseconds; a wake-up from sleep costs about as much, so spinning longer than this only
// takes time from neighbours.
constexpr auto kSpinTime = std::chrono::microseconds(100);

// Spins until `done` or the time is over; true if done.
template <typename Predicate>
bool spin_until(const Predicate& done) {
  const auto deadline = std::chrono::steady_clock::now() + kSpinTime;
  for (;;) {
    for (int i = 0; i < 64; ++i) {
      if (done()) return true;
      pause_briefly();
    }
    if (std::chrono::steady_clock::now() >= deadline) return done();
  }
}

}  // namespace

ThreadPool::ThreadPool(int num_threads) : shares_(static_cast<size_t>(num_threads)) {
  CHECK(num_threads >= 1 && num_threads < static_cast<int>(kInsideMask));
  workers_.reserve(static_cast<size_t>(num_threads - 1));
  try {
    for (int worker = 1; worker < num_threads; ++worker) {
      workers_.emplace_back([this, worker] { work(worker); });
    }
  } catch (const std::system_error&) {  // the machine has no room for one more
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stopping_.store(true);
  gate_.fetch_add(kNextJob);  // a closed job, so that sleepers see a change
  gate_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(const Job& job) {
  if (job.num_tasks <= 0) return;
  if (workers_.empty() || job.num_tasks == 1) {
    for (int task = 0; task < job.num_tasks; ++task) job.call(job.context, task, 0);
    return;
  }
  job_ = job;
  const auto num_threads = static_cast<int64_t>(shares_.size());
  for (int64_t i = 0; i < num_threads; ++i) {
    Share& share = shares_[static_cast<size_t>(i)];
    share.next.store(static_cast<int>(job.num_tasks * i / num_threads), std::memory_order_relaxed);
    share.end = static_cast<int>(job.num_tasks * (i + 1) / num_threads);
  }
  // Nobody is inside, so the gate holds no more than the last job's number.
  const uint64_t number = gate_.load(std::memory_order_relaxed) & ~(kOpen | kInsideMask);
  gate_.store((number + kNextJob) | kOpen);  // sequentially consistent, as is the load of sleepers_
  if (sleepers_.load() > 0) gate_.notify_all();

  run_tasks(0);

  gate_.fetch_and(~kOpen, std::memory_order_acq_rel);
  const auto nobody_inside = [this] {
    return (gate_.load(std::memory_order_acquire) & kInsideMask) == 0;
  };
  while (!spin_until(nobody_inside)) {
    // A worker was put aside in the middle of a task: give it this processor.
    std::this_thread::yield();
  }
}

void ThreadPool::run_tasks(int worker) {
  const auto num_threads = static_cast<int>(shares_.size());
  for (int i = 0; i < num_threads; ++i) {
    Share& share = shares_[static_cast<size_t>((worker + i) % num_threads)];
    for (;;) {
      const int task = share.next.fetch_add(1, std::memory_order_relaxed);
      if (task >= share.end) break;
      job_.call(job_.context, task, worker);
    }
  }
}

bool ThreadPool::enter(uint64_t gate) {
  while (gate & kOpen) {
    if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void ThreadPool::work(int worker) {
  uint64_t last = 0;  // number of the last job that was looked at
  while (!stopping_.load()) {
    const auto job_number = [this] { return gate_.load(std::memory_order_acquire) / kNextJob; };
    if (!spin_until([&] { return job_number() != last; })) {
      sleepers_.fetch_add(1);
      const uint64_t seen = gate_.load();
      if (seen / kNextJob == last) gate_.wait(seen);
      sleepers_.fetch_sub(1);
      continue;
    }
    const uint64_t gate = gate_.load(std::memory_order_acquire);
    last = gate / kNextJob;
    // The job may have been replaced by the next one between the load and the entry; whichever it
    // is, it is open.
    if (enter(gate)) {
      run_tasks(worker);
      gate_.fetch_sub(1, std::memory_order_acq_rel);
    }
  }
}

}  // namespace youtu
