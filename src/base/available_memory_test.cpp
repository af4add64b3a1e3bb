#include "base/available_memory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

constexpr int64_t kMiB = 1 << 20;

// A machine with 1000 MiB available, and the control groups that a test puts there.
class AvailableMemoryTest : public testing::Test {
 protected:
  AvailableMemoryTest() { write("proc/meminfo", "MemAvailable:  1024000 kB\n"); }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    folder_.write(name, text);
  }
  void write_group(const std::string& group, const std::string& most, int64_t used, int64_t files) {
    write(group + "/memory.max", most);
    write(group + "/memory.current", std::to_string(used));
    write(group + "/memory.stat",
          "file 999999999\ninactive_file " + std::to_string(files) + "\nactive_file 0\n");
  }
  std::optional<int64_t> available() {
    return available_memory({.proc = folder_ / "proc", .cgroup = folder_ / "cgroup"});
  }

  TemporaryFolder folder_;
};

TEST(MemoryField, IsFoundByItsWholeName) {
  const char* text = "MemAvailableX: 1 kB\nMemAvailable:   2048 kB\nfile 77\n";
  EXPECT_EQ(parse_memory_field(text, "MemAvailable"), 2048 * 1024);
  EXPECT_EQ(parse_memory_field(text, "file"), 77);
  EXPECT_FALSE(parse_memory_field(text, "Mem"));
  EXPECT_FALSE(parse_memory_field("MemAvailable: much\n", "MemAvailable"));
  EXPECT_FALSE(parse_memory_field("", "MemAvailable"));
}

TEST_F(AvailableMemoryTest, IsTheMachinesWithoutAGroup) {
  EXPECT_EQ(available(), 1000 * kMiB);
  write("proc/self/cgroup", "0::/\n");
  EXPECT_EQ(available(), 1000 * kMiB);
  write_group("cgroup", "max", 0, 0);
  EXPECT_EQ(available(), 1000 * kMiB);
}

TEST_F(AvailableMemoryTest, PagesOfFilesAreGivenUp) {
  write("proc/self/cgroup", "0::/\n");
  write_group("cgroup", std::to_string(300 * kMiB), 120 * kMiB, 50 * kMiB);
  EXPECT_EQ(available(), 230 * kMiB);
}

TEST_F(AvailableMemoryTest, AGroupAroundThisOneCountsToo) {
  write("proc/self/cgroup", "0::/system.slice/youtu.service\n");
  write_group("cgroup/system.slice/youtu.service", std::to_string(500 * kMiB), 0, 0);
  EXPECT_EQ(available(), 500 * kMiB);
  write_group("cgroup/system.slice", std::to_string(400 * kMiB), 100 * kMiB, 0);
  EXPECT_EQ(available(), 300 * kMiB);
}

TEST_F(AvailableMemoryTest, VersionOneHasAHierarchyOfItsOwn) {
  write("proc/self/cgroup", "3:cpu:/a\n2:hugetlb,memory:/a/b\n0::/\n");
  write("cgroup/memory/a/b/memory.limit_in_bytes", std::to_string(200 * kMiB));
  write("cgroup/memory/a/b/memory.usage_in_bytes", std::to_string(90 * kMiB));
  write("cgroup/memory/a/b/memory.stat", "total_inactive_file " + std::to_string(20 * kMiB) +
                                             "\ntotal_active_file " + std::to_string(10 * kMiB) +
                                             "\n");
  EXPECT_EQ(available(), 140 * kMiB);
}

TEST_F(AvailableMemoryTest, AContainerSeesItsOwnGroupAtTheRoot) {
  write("proc/self/cgroup", "0::/docker/4711\n");
  write_group("cgroup", std::to_string(64 * kMiB), 4 * kMiB, 0);
  EXPECT_EQ(available(), 60 * kMiB);
}

TEST_F(AvailableMemoryTest, AGroupOverItsLimitAllowsNothing) {
  write("proc/self/cgroup", "0::/\n");
  write_group("cgroup", std::to_string(64 * kMiB), 80 * kMiB, 0);
  EXPECT_EQ(available(), 0);
}

TEST_F(AvailableMemoryTest, LargePagesAreThereUnlessSwitchedOff) {
  const auto with = [this](const char* modes) {
    write("sys/kernel/mm/transparent_hugepage/enabled", modes);
    return has_large_pages({.sys = folder_ / "sys"});
  };
  EXPECT_FALSE(has_large_pages({.sys = folder_ / "sys"}));  // a system that does not say
  EXPECT_TRUE(with("[always] madvise never\n"));
  EXPECT_TRUE(with("always [madvise] never\n"));
  EXPECT_FALSE(with("always madvise [never]\n"));
  EXPECT_FALSE(with(""));
}

TEST_F(AvailableMemoryTest, TellsWhatThisProcessHolds) {
  EXPECT_EQ(resident_memory({.proc = folder_ / "proc"}), 0);
  write("proc/self/status", "VmRSS:\t  900 kB\nRssAnon:\t  512 kB\nRssFile:\t  388 kB\n");
  EXPECT_EQ(resident_memory({.proc = folder_ / "proc"}), 512 << 10);
}

TEST(AvailableMemoryOfThisMachineTest, IsToldSomewhere) {
  EXPECT_FALSE(available_memory({.proc = "/nowhere", .cgroup = "/nowhere"}));
  EXPECT_GE(available_memory().value_or(0), 0);
}

}  // namespace
}  // namespace youtu
