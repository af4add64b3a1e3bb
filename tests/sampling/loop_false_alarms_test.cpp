// The loop detector must not end an answer that repeats itself for good reasons: tables, code,
// data. The project's own files are such text, read as the demo model would write them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "formats/open_model.h"
#include "sampling/loop_detector.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

namespace fs = std::filesystem;
const fs::path kSources = YOUTU_SOURCE_DIR;

std::shared_ptr<const Tokenizer> demo_tokenizer() {
  auto opened = open_model((kSources / "models/demo").string());
  EXPECT_TRUE(opened.is_ok()) << opened.status().message();
  auto tokenizer = BpeTokenizer::create(std::move(opened->vocab));
  EXPECT_TRUE(tokenizer.is_ok()) << tokenizer.status().message();
  return *tokenizer;
}

std::optional<Repetition> first_loop(const Tokenizer& tokenizer, std::string_view text,
                                     int64_t& num_tokens) {
  const auto tokens = tokenizer.encode(text, /*trusted=*/false);
  if (!tokens.is_ok()) return std::nullopt;  // not UTF-8: no model writes it
  LoopDetector detector;
  num_tokens += static_cast<int64_t>(tokens->size());
  for (const TokenId token : *tokens) {
    if (const auto found = detector.append(token)) return found;
  }
  return std::nullopt;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(LoopFalseAlarms, NoneInTablesCodeAndProse) {
  const auto tokenizer = demo_tokenizer();
  const std::set<std::string> kinds = {".cpp", ".h",   ".inc", ".py",   ".md",
                                       ".js",  ".txt", ".sh",  ".cmake"};
  int64_t num_tokens = 0;
  for (const char* folder :
       {"apps", "bench", "cmake", "docs", "fuzz", "include", "src", "tests", "tools"}) {
    for (auto entry = fs::recursive_directory_iterator(kSources / folder);
         entry != fs::recursive_directory_iterator(); ++entry) {
      // Neither other people's code nor what fuzzers made up.
      const fs::path name = entry->path().filename();
      if (name == "node_modules" || name == "corpus") entry.disable_recursion_pending();
      if (!entry->is_regular_file() || !kinds.contains(entry->path().extension().string()))
        continue;
      const auto loop = first_loop(*tokenizer, read(entry->path()), num_tokens);
      EXPECT_FALSE(loop) << entry->path() << ": period " << loop->period << ", " << loop->count
                         << " times";
    }
  }
  std::printf("%lld tokens\n", static_cast<long long>(num_tokens));
  EXPECT_GT(num_tokens, 100'000);
}

std::string times(int count, std::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(LoopFalseAlarms, NoneInWhatPeopleAskFor) {
  const auto tokenizer = demo_tokenizer();
  int64_t num_tokens = 0;
  std::string table = "| 月份 | 收入 | 支出 |\n|---|---|---|\n";
  for (int row = 1; row <= 60; ++row) table += "| " + std::to_string(row) + " | 0 | 0 |\n";
  for (const std::string& text : {
           table,
           times(1, "int table[16] = {" + times(16, "0, ") + "};\n"),
           times(79, "-") + "\n",
           "床前明月光，" + times(3, "哈") + times(4, "谢谢！"),
           times(3, "Row, row, row your boat, gently down the stream.\n"),
       }) {
    const auto loop = first_loop(*tokenizer, text, num_tokens);
    EXPECT_FALSE(loop) << text.substr(0, 60) << ": period " << loop->period;
  }
}

TEST(LoopFalseAlarms, RealLoopsAreSeen) {
  const auto tokenizer = demo_tokenizer();
  int64_t num_tokens = 0;
  for (const std::string& text :
       {times(200, "的"), times(60, "我不知道。"),
        times(20, "这是一个很长的句子，它一遍又一遍地重复自己，没有尽头。\n"),
        times(30, "I am sorry, but I cannot do that. ")}) {
    EXPECT_TRUE(first_loop(*tokenizer, text, num_tokens)) << text.substr(0, 60);
  }
}

}  // namespace
}  // namespace youtu
