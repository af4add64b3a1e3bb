// The session store over a loss of power at every moment of its life: between any two operations
// that SQLite asks of the disk, on disks that keep what they like of all that was not synced.
//
// A long run: YOUTU_TEST_PATTERNS=50 (disks for each moment), another one: YOUTU_TEST_SEED.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include "tests/support/lossy_disk.h"
#include "tests/support/recorded_store.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using test::DiskOperation;
using test::LossyDisk;
using test::OpenStore;
using test::Promise;
using test::RecordedStore;
using test::Sessions;
using test::StoreRecord;

constexpr int64_t kHour = 3'600'000;

// Everything that a store does, with pages that are new, freed and used again.
StoreRecord full_life(bool is_durable) {
  const TemporaryFolder folder;
  RecordedStore it(folder / "new/data", is_durable);
  it.open();
  it.create("a");
  it.say("a", 10);
  it.say("a", 700);
  it.sync();
  it.sync();
  it.create("old");
  it.say("old", 9000);
  it.pass_time(kHour / 2);
  it.say("a", 9000);
  it.create("b");
  for (int i = 0; i < 4; ++i) it.say("b", 3000);
  it.begin_and_give_up("a");
  it.sync();
  it.say("a", 20, /*from_turn=*/2);
  it.branch("b", 3);
  it.close();
  it.open();
  it.pass_time(kHour * 2 / 3);
  it.say("a", 300);
  it.expire("old", std::chrono::hours(1));
  it.remove("b");
  for (int i = 0; i < 5; ++i) it.say("a", 8000);  // the first ones have to go
  it.sync();
  it.create("b");
  it.say("b", 100);
  it.close();
  return it.record();
}

StoreRecord second_life(const std::string& folder, const Sessions& sessions) {
  RecordedStore it(folder, /*is_durable=*/true, sessions);
  it.pass_time(6 * kHour);
  it.open();
  it.create("second");
  it.say("second", 2000);
  it.close();
  return it.record();
}

std::string in_words(const Sessions& sessions) {
  std::string words;
  for (const auto& [id, turns] : sessions) {
    words += " " + id + " [";
    for (const std::string& turn : turns) words += " " + turn.substr(0, turn.find('>'));
    words += " ]";
  }
  return words;
}

// What a loss of power left on a disk. A log's shared memory may hold anything: nobody reads it.
class Image : public TemporaryFolder {
 public:
  Image(const LossyDisk& disk, std::mt19937_64& random) {
    disk.lose_power(random, path().string());
    write("sessions.db-shm", std::string(32768, static_cast<char>(random())));
  }
};

struct Verdict {
  std::string problem;  // empty: none
  Sessions sessions;
};

// The store must open, hold exactly the sessions of one of the promises, and go on. Only a file
// that was damaged before may be reported, at first.
Verdict judge(const std::string& folder, const std::vector<Promise>& promises,
              bool was_damaged = false) {
  test::FakeClock clock;
  clock.advance(12 * kHour);  // later than all that was written, and not so late as to be strange
  Sessions sessions;
  {
    OpenStore store(folder, /*is_durable=*/true, clock);
    if (!store.is_open()) return {"it does not open: " + store.reports(), {}};
    sessions = store.sessions();
    if (!was_damaged && !store.reports().empty()) return {"it reports " + store.reports(), {}};
    const auto is_kept = [&](const Promise& promise) { return promise.sessions == sessions; };
    if (std::none_of(promises.begin(), promises.end(), is_kept)) {
      return {"it holds" + in_words(sessions), {}};
    }
    if (!store.create("new") || !store.say("new", "q", "x")) return {"it takes no turn", {}};
  }
  OpenStore store(folder, /*is_durable=*/true, clock);
  Sessions expected = sessions;
  expected["new"] = {"1:q>x"};
  if (!store.reports().empty()) return {"it reports later " + store.reports(), {}};
  if (store.sessions() != expected) return {"it holds later" + in_words(store.sessions()), {}};
  return {"", std::move(sessions)};
}

uint64_t number_from_environment(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Tries {
  bool is_durable = true;  // what is promised is kept; else what was on the disk for certain
  bool was_damaged = false;
  bool has_syncs = true;  // else the disk lies about all of them
  size_t stride = 1;      // a pattern is tried at every so many'th moment, the next one at the next
  uint64_t num_patterns = number_from_environment("YOUTU_TEST_PATTERNS", 1);
  uint64_t seed = number_from_environment("YOUTU_TEST_SEED", 20261126);
};

// The promises one of which must be kept when the power goes after so many operations: the last
// one that was given, and the next, which may have been on its way.
std::vector<Promise> promises_then(const StoreRecord& record, size_t num_operations,
                                   bool is_durable) {
  const auto given = [&](const Promise& promise) {
    return promise.num_operations <= num_operations;
  };
  const auto begin = record.promises.begin();
  const auto next = std::partition_point(begin, record.promises.end(), given);
  auto first = next - 1;
  while (!is_durable && first != begin && !first->is_on_disk) --first;
  return {first, next == record.promises.end() ? next : next + 1};
}

struct Findings {
  size_t num_images = 0;
  std::vector<std::string> problems;

  std::string first_problem() const { return problems.empty() ? "" : problems.front(); }
};

using Check =
    std::function<std::string(const Image&, std::mt19937_64&, const std::vector<Promise>&)>;

Findings lose_power_everywhere(const StoreRecord& record, const Tries& tries, const Check& check) {
  Findings findings;
  LossyDisk disk = record.disk;
  const size_t num_operations = record.operations.size();
  for (size_t done = 0; done <= num_operations; ++done) {
    for (uint64_t pattern = 0; pattern < tries.num_patterns; ++pattern) {
      if (done % tries.stride != pattern % tries.stride) continue;
      const std::vector<Promise> promises = promises_then(record, done, tries.is_durable);
      std::mt19937_64 random(tries.seed + 1'000'003 * done + pattern);
      const Image image(disk, random);
      const std::string problem = check(image, random, promises);
      ++findings.num_images;
      if (problem.empty()) continue;
      findings.problems.push_back(
          "the power went after operation " + std::to_string(done) + " of " +
          std::to_string(num_operations) + ", pattern " + std::to_string(pattern) + " of seed " +
          std::to_string(tries.seed) + ": " + problem + "\nexpected at least (" +
          promises.front().step + ")" + in_words(promises.front().sessions) + "\nor at most (" +
          promises.back().step + ")" + in_words(promises.back().sessions));
    }
    if (done == num_operations) break;
    const DiskOperation& next = record.operations[done];
    const bool is_sync =
        next.kind == DiskOperation::Kind::kSync || next.kind == DiskOperation::Kind::kSyncFolder;
    if (tries.has_syncs || !is_sync) disk.play(next);
  }
  return findings;
}

Findings lose_power_everywhere(const StoreRecord& record, const Tries& tries) {
  return lose_power_everywhere(
      record, tries,
      [&](const Image& image, std::mt19937_64&, const std::vector<Promise>& promises) {
        return judge(image.path().string(), promises, tries.was_damaged).problem;
      });
}

TEST(SessionPowerLossTest, NoAcknowledgedTurnIsLostOrHalved) {
  const StoreRecord record = full_life(/*is_durable=*/true);
  ASSERT_FALSE(HasFailure());
  const Findings findings = lose_power_everywhere(record, {});
  EXPECT_EQ(findings.first_problem(), "");
  std::printf("%zu images of %zu operations\n", findings.num_images, record.operations.size());
}

TEST(SessionPowerLossTest, WithoutDurabilityTheLastTurnsMayBeLostAndNothingElse) {
  const StoreRecord record = full_life(/*is_durable=*/false);
  ASSERT_FALSE(HasFailure());
  const Findings findings = lose_power_everywhere(record, {.is_durable = false, .stride = 3});
  EXPECT_EQ(findings.first_problem(), "");
  std::printf("%zu images of %zu operations\n", findings.num_images, record.operations.size());
}

// The power goes again while the store is opened after the first time, and takes its first turn.
TEST(SessionPowerLossTest, ALossOfPowerDuringTheRecoveryLosesNothingMore) {
  const StoreRecord record = full_life(/*is_durable=*/true);
  ASSERT_FALSE(HasFailure());
  size_t num_second_images = 0;
  const auto recover = [&](const Image& image, std::mt19937_64& random,
                           const std::vector<Promise>& promises) -> std::string {
    const TemporaryFolder copy;
    std::filesystem::copy(image.path(), copy.path());
    const Verdict verdict = judge(copy.path().string(), promises);
    if (!verdict.problem.empty()) return verdict.problem;
    const Findings findings =
        lose_power_everywhere(second_life(image.path().string(), verdict.sessions),
                              {.stride = 3, .num_patterns = 1, .seed = random()});
    num_second_images += findings.num_images;
    return findings.problems.empty() ? "" : "and then " + findings.first_problem();
  };
  const Findings findings = lose_power_everywhere(record, {.stride = 53}, recover);
  EXPECT_EQ(findings.first_problem(), "");
  std::printf("%zu images, and %zu of those\n", findings.num_images, num_second_images);
}

// A file that does not say whose it is, and its log, full of what was true before.
void damage(const std::string& path) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, "PRAGMA application_id = 1", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
}

TEST(SessionPowerLossTest, ALossOfPowerDuringASalvageLosesNothing) {
  const TemporaryFolder folder;
  const auto live = [&](const std::string& id, const Sessions& sessions) {
    RecordedStore store(folder.path().string(), /*is_durable=*/true, sessions);
    store.open();
    store.create(id);
    store.say(id, 9000);
    return store.record();
  };
  const StoreRecord before = live("a", {});
  damage(folder / "sessions.db");
  const StoreRecord record = live("b", before.promises.back().sessions);
  ASSERT_FALSE(HasFailure());
  EXPECT_EQ(std::count_if(record.operations.begin(), record.operations.end(),
                          [](const DiskOperation& operation) {
                            return operation.kind == DiskOperation::Kind::kRename;
                          }),
            2);
  const Findings findings = lose_power_everywhere(record, {.was_damaged = true});
  EXPECT_EQ(findings.first_problem(), "");
  std::printf("%zu images of %zu operations\n", findings.num_images, record.operations.size());
}

// Otherwise the tests above would show nothing.
TEST(SessionPowerLossTest, TheseTestsSeeWhatIsLost) {
  const StoreRecord fast = full_life(/*is_durable=*/false);
  const StoreRecord durable = full_life(/*is_durable=*/true);
  ASSERT_FALSE(HasFailure());
  // Turns that nobody waited for are missing, and nothing is wrong with the others.
  const Findings lost = lose_power_everywhere(fast, {.is_durable = true, .stride = 7});
  EXPECT_GT(lost.problems.size(), lost.num_images / 10);
  for (const std::string& problem : lost.problems) {
    EXPECT_NE(problem.find("it holds"), std::string::npos) << problem;
  }
  // A disk that lies about its syncs also damages the file.
  const Findings damaged = lose_power_everywhere(durable, {.has_syncs = false, .stride = 7});
  EXPECT_GT(damaged.problems.size(), damaged.num_images / 2);
  EXPECT_TRUE(std::any_of(
      damaged.problems.begin(), damaged.problems.end(),
      [](const std::string& problem) { return problem.find("is damaged") != std::string::npos; }));
}

}  // namespace
}  // namespace youtu
