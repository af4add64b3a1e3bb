// What the machine can do at most, measured with the threads that steps run on: reading memory, and
// arithmetic in registers. The best of several rounds counts, because a neighbour can only take
// away.

#include <algorithm>
#include <chrono>
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kProbeTime{130};  // for each of the three
constexpr int kFewestRounds = 3;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Calls round() again and again; the shortest of its times.
template <typename Round>
double shortest_time(const Round& round) {
  const Clock::time_point begin = Clock::now();
  double shortest = 1e9;
  for (int i = 0; i < kFewestRounds || Clock::now() - begin < kProbeTime; ++i) {
    const Clock::time_point start = Clock::now();
    round(i);
    shortest = std::min(shortest, seconds_since(start));
  }
  return shortest;
}

constexpr size_t kLineBytes = 64;

uint64_t load_word(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Loads a word of every cache line: the memory moves whole lines, and a core can ask for lines
// faster than it could add up what is in them. Four lines at a time, so that no chain of additions
// is waited for.
uint64_t read_lines(const uint8_t* begin, const uint8_t* end, size_t prefetch_bytes) {
  uint64_t sums[4] = {};
  for (const uint8_t* p = begin; p != end; p += 4 * kLineBytes) {
    for (size_t i = 0; i < 4; ++i) {
      if (prefetch_bytes > 0) __builtin_prefetch(p + i * kLineBytes + prefetch_bytes);
      sums[i] += load_word(p + i * kLineBytes);
    }
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace

MachinePeaks CpuBackend::measure_peaks(const Buffer& memory) {
  return {.read_bytes_per_second = measure_read_bandwidth(memory),
          .f32_macs_per_second = measure_macs(kernels_.peak_f32),
          .int8_macs_per_second = measure_macs(kernels_.peak_int8)};
}

double CpuBackend::measure_read_bandwidth(const Buffer& memory) {
  constexpr size_t kTaskBytes = 1u << 20;
  const size_t num_tasks = memory.size() / kTaskBytes;
  CHECK(num_tasks > 0);
  const uint8_t* data = memory.data();
  const double seconds = shortest_time([&](int round) {
    // The hardware's prefetchers alone, and with help, in turns: which is faster differs.
    const size_t prefetch_bytes = round % 2 == 0 ? 0 : 16 * kLineBytes;
    pool_.parallel_for(static_cast<int>(num_tasks), [&](int task, int) {
      const uint8_t* begin = data + static_cast<size_t>(task) * kTaskBytes;
      volatile uint64_t read = read_lines(begin, begin + kTaskBytes, prefetch_bytes);
      static_cast<void>(read);
    });
  });
  return static_cast<double>(num_tasks * kTaskBytes) / seconds;
}

double CpuBackend::measure_macs(int64_t (*peak)(int64_t rounds)) {
  // A task must be long against the cost of handing it out, and short against the time that a
  // thread is left alone by its neighbours.
  constexpr double kTaskSeconds = 0.5e-3;
  constexpr int kTasksPerThread = 4;
  int64_t rounds = 256;
  for (;; rounds *= 2) {
    const Clock::time_point start = Clock::now();
    peak(rounds);
    if (seconds_since(start) >= kTaskSeconds) break;
  }
  const int num_tasks = pool_.num_threads() * kTasksPerThread;
  const double seconds =
      shortest_time([&](int) { pool_.parallel_for(num_tasks, [&](int, int) { peak(rounds); }); });
  return static_cast<double>(peak(rounds)) * num_tasks / seconds;
}

}  // namespace youtu
