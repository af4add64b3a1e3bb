// How a store with many sessions behaves: how long it takes to open, what it holds in memory, how
// long a transcript takes to read and a turn to commit. The times are for docs/sessions.md.
//   session_store_bench <folder on the disk to measure> [<sessions>]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "chat/session_file.h"
#include "chat/session_rows.h"
#include "chat/sqlite_session_store.h"

namespace youtu {
namespace {

constexpr int kTurns = 10;
constexpr size_t kTextBytes = 200;  // of a question and of an answer
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string name(int64_t number) {
  return "session-" + std::to_string(number);
}

int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  statm >> size >> resident;
  return resident * 4;
}

Status fill(const std::string& folder, int64_t num_sessions) {
  Result<std::unique_ptr<Database>> database =
      open_session_file({folder + "/sessions.db", false, [](const std::string&) {}});
  RETURN_IF_ERROR(database);
  Result<Transaction> transaction = Transaction::begin(**database, /*sync=*/true);
  RETURN_IF_ERROR(transaction);
  Turn turn;
  turn.messages = {{"user", std::string(kTextBytes, 'q')}};
  turn.answer = {std::string(kTextBytes, 'a'), "stop", {}};
  for (int64_t i = 0; i < num_sessions; ++i) {
    SessionRow row;
    row.key = i + 1;
    row.session.id = name(i);
    row.session.num_turns = kTurns;
    row.session.next_turn = kTurns + 1;
    row.session.num_bytes = kTurns * turn_bytes(turn);
    RETURN_IF_ERROR(insert_session_row(**database, row));
    for (turn.number = 1; turn.number <= kTurns; ++turn.number) {
      RETURN_IF_ERROR(insert_turn(**database, row.key, turn));
    }
  }
  return transaction->commit();
}

// Median and 99th percentile of 2,000 calls, in milliseconds.
template <typename Call>
void measure(const char* what, const Call& call) {
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    const Clock::time_point begin = Clock::now();
    call(i);
    times.push_back(milliseconds_since(begin));
  }
  std::sort(times.begin(), times.end());
  fmt::print("{:28} p50 {:.3f} ms, p99 {:.3f} ms\n", what, times[1000], times[1980]);
}

void take_turn(SessionStore& store, int64_t number) {
  const auto turn = store.begin_turn({"", name(number)}, {{"user", std::string(kTextBytes, 'q')}});
  CHECK(turn && (*turn)->commit({std::string(kTextBytes, 'a'), "stop", {}}));
}

int run(const std::string& folder, int64_t num_sessions) {
  std::filesystem::create_directories(folder);
  const Clock::time_point filling = Clock::now();
  const Status filled = fill(folder, num_sessions);
  if (!filled) {
    fmt::print(stderr, "error: {}\n", filled.message());
    return 1;
  }
  fmt::print("{} sessions of {} turns: {} MiB, written in {:.0f} ms\n", num_sessions, kTurns,
             std::filesystem::file_size(folder + "/sessions.db") >> 20,
             milliseconds_since(filling));
  SqliteSessionOptions options;
  options.folder = folder;
  std::mt19937_64 rng(1);
  for (const bool durable : {true, false}) {
    options.durable = durable;
    const int64_t before_kib = resident_kib();
    const Clock::time_point opening = Clock::now();
    auto store = open_sqlite_sessions(options);
    CHECK(store);
    fmt::print("{:28} {:.0f} ms, {} KiB more in memory\n", "open", milliseconds_since(opening),
               resident_kib() - before_kib);
    const auto any = [&] {
      return static_cast<int64_t>(rng() % static_cast<uint64_t>(num_sessions));
    };
    measure("read a transcript", [&](int) { CHECK((*store)->read({"", name(any())})); });
    measure(durable ? "a turn, durable" : "a turn, fast", [&](int) { take_turn(**store, any()); });
  }
  return 0;
}

}  // namespace
}  // namespace youtu

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: session_store_bench <folder> [<sessions>]\n");
    return 2;
  }
  return youtu::run(argv[1], argc > 2 ? std::atoll(argv[2]) : 100'000);
}
