// A wall clock that a test moves: preloaded into a program, it adds to the time of day as many
// seconds as stand in the file that YOUTU_TEST_CLOCK names, eight bytes of an integer. The steady
// clocks are left as they are.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

int64_t shift_seconds() {
  static const std::atomic<int64_t>* const shift = [] {
    const char* path = std::getenv("YOUTU_TEST_CLOCK");
    const int file = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) std::abort();  // a test of a clock that does not move would show nothing
    void* data = ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (data == MAP_FAILED) std::abort();
    ::close(file);
    return static_cast<const std::atomic<int64_t>*>(data);
  }();
  return shift->load(std::memory_order_relaxed);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* now) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += shift_seconds();
  }
  return static_cast<int>(result);
}

time_t time(time_t* seconds) noexcept {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds) *seconds = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval* __restrict time, void* __restrict) noexcept {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

}  // extern "C"
