// Which kernel table is taken. What is fast is not tested; what never is must not be chosen by a
// timing that the machine's neighbours had a hand in.
#include "backend/cpu/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

namespace youtu {
namespace {

using Names = std::vector<std::string>;

Names worthwhile(const Names& supported) {
  std::vector<CpuKernels> kernels(supported.size());
  std::vector<const CpuKernels*> tables;
  for (size_t i = 0; i < supported.size(); ++i) {
    kernels[i].name = supported[i].c_str();
    tables.push_back(&kernels[i]);
  }
  Names names;
  for (const CpuKernels* table : worthwhile_kernels(tables)) names.emplace_back(table->name);
  return names;
}

TEST(WorthwhileKernels, AreOneForEachWidth) {
  EXPECT_EQ(worthwhile({"amx", "avx512vnni", "avx512", "avxvnni", "avx2", "scalar"}),
            (Names{"amx", "avxvnni"}));
  EXPECT_EQ(worthwhile({"avx512vnni", "avx512", "avxvnni", "avx2", "scalar"}),
            (Names{"avx512vnni", "avxvnni"}));
  EXPECT_EQ(worthwhile({"avx512vnni", "avx512", "avx2", "scalar"}), (Names{"avx512vnni", "avx2"}));
  EXPECT_EQ(worthwhile({"avx512", "avx2", "scalar"}), (Names{"avx512", "avx2"}));
  EXPECT_EQ(worthwhile({"avxvnni", "avx2", "scalar"}), Names{"avxvnni"});
  EXPECT_EQ(worthwhile({"avx2", "scalar"}), Names{"avx2"});
  EXPECT_EQ(worthwhile({"scalar"}), Names{"scalar"});
}

// Tables differ in the last bits: a model that is loaded again, or beside another, gives the same.
TEST(SelectKernels, TakesAWorthwhileOneAndStaysWithIt) {
  const std::vector<const CpuKernels*> tables = worthwhile_kernels(supported_kernels());
  std::vector<const CpuKernels*> chosen(16);
  {
    std::vector<std::jthread> starts;
    for (const CpuKernels*& table : chosen) {
      starts.emplace_back([&table] { table = *select_kernels(""); });
    }
  }
  EXPECT_NE(std::ranges::find(tables, chosen.front()), tables.end()) << chosen.front()->name;
  for (const CpuKernels* table : chosen) EXPECT_EQ(table, chosen.front()) << table->name;
}

TEST(SelectKernels, TakesWhatIsAskedForOrSaysWhatThereIs) {
  for (const CpuKernels* table : supported_kernels()) {
    EXPECT_EQ(*select_kernels(table->name), table);
  }
  const auto unknown = select_kernels("avx1024");
  ASSERT_FALSE(unknown.is_ok());
  EXPECT_EQ(unknown.status().param(), "isa");
  EXPECT_NE(unknown.status().message().find("scalar"), std::string::npos);
}

}  // namespace
}  // namespace youtu
