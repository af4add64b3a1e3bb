#include "model/pack_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "tests/support/toy_folder.h"

namespace youtu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PackCacheTest : public testing::Test {
 protected:
  LoadOptions options(const std::string& weights = "q8") const {
    return {.num_threads = 1,
            .weights = *parse_weight_policy(weights),
            .pack_cache = {.folder = cache_ / "packed", .min_model_bytes = 0}};
  }
  LoadedModel load(const LoadOptions& with) {
    auto loaded = load_model(opened_, with);
    CHECK(loaded.is_ok());
    return *std::move(loaded);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(cache_ / "packed", none)) {
      names.push_back(entry.path().string());
    }
    return names;
  }

  TemporaryFolder folder_, cache_;
  OpenedModel opened_ = make_toy_folder(folder_, 96, 5);
};

TEST_F(PackCacheTest, KeepsWhatWasPackedForTheNextStart) {
  LoadedModel first = load(options());
  EXPECT_THAT(first.pack_cache, HasSubstr("packed weights are kept in"));
  EXPECT_TRUE(first.has_pack_cache_news);
  ASSERT_EQ(files().size(), 1u);
  LoadedModel second = load(options());
  EXPECT_EQ(second.pack_cache, "weights are from " + files().front());
  EXPECT_FALSE(second.has_pack_cache_news);
  EXPECT_EQ(toy_logits(second), toy_logits(first));
  EXPECT_EQ(second.weight_types, first.weight_types);
  EXPECT_EQ(second.full_precision, first.full_precision);
}

TEST_F(PackCacheTest, FilesAreModels) {
  LoadedModel first = load(options("q4,attn=q8"));
  const auto opened = open_model(files().at(0));
  ASSERT_TRUE(opened.is_ok()) << opened.status().message();
  auto loaded = load_model(*opened, {.weights = *read_weight_policy(*opened, "auto")});
  ASSERT_TRUE(loaded.is_ok()) << loaded.status().message();
  EXPECT_EQ(toy_logits(*loaded), toy_logits(first));
}

TEST_F(PackCacheTest, IsLeftAloneWhereNothingIsPacked) {
  LoadOptions small = options();
  small.pack_cache.min_model_bytes = kMinCachedModelBytes;
  LoadOptions none = options();
  none.pack_cache.folder = "";
  for (const LoadOptions& with : {options("exact"), options("auto"), small, none}) {
    EXPECT_EQ(load(with).pack_cache, "");
    EXPECT_THAT(files(), testing::IsEmpty());
  }
}

TEST_F(PackCacheTest, TellsPoliciesAndContentsApart) {
  load(options("q8"));
  load(options("q8,head=q4"));
  EXPECT_EQ(files().size(), 2u);
  opened_ = make_toy_folder(folder_, 96, 6);
  load(options("q8"));
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(PackCacheTest, MakesDamagedFilesAgain) {
  LoadedModel first = load(options());
  const std::string path = files().at(0);
  const std::string good = *read_file(path, 1 << 24);
  std::string flipped = good;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);  // in the directory
  for (const std::string& bad : {std::string(), good.substr(0, 30), good.substr(0, 5000),
                                 good.substr(0, good.size() - 1), good + "x", flipped}) {
    fs::remove(path);
    std::ofstream(path, std::ios::binary) << bad;
    LoadedModel again = load(options());
    EXPECT_THAT(again.pack_cache, HasSubstr("it is removed and made again; packed weights"));
    EXPECT_EQ(toy_logits(again), toy_logits(first));
    EXPECT_EQ(*read_file(path, 1 << 24), good);
  }
}

TEST_F(PackCacheTest, IsOnlyLookedAtWhereMemoryIsMeasured) {
  LoadOptions measured = options();
  measured.memory = MemoryUse::kMeasured;
  const int64_t before = load(measured).weight_bytes;
  EXPECT_THAT(files(), testing::IsEmpty());
  EXPECT_EQ(load(options()).weight_bytes, before);
  // Mapped weights end where their tensors end; others are whole pages.
  const LoadedModel found = load(measured);
  EXPECT_TRUE(found.are_weights_mapped);
  EXPECT_EQ(found.weight_bytes, load(options()).weight_bytes);
  std::ofstream(files().at(0), std::ios::binary) << "damaged";
  EXPECT_EQ(load(measured).weight_bytes, before);
  EXPECT_EQ(*read_file(files().at(0), 100), "damaged");
}

TEST_F(PackCacheTest, RefusesTheFileOfAnotherModel) {
  load(options("q8"));
  const std::string q8 = files().at(0);
  LoadedModel q4 = load(options("q4"));
  for (const std::string& path : files()) {
    if (path != q8) fs::copy_file(q8, path, fs::copy_options::overwrite_existing);
  }
  LoadedModel again = load(options("q4"));
  EXPECT_THAT(again.pack_cache, HasSubstr("is the file of another model"));
  EXPECT_EQ(toy_logits(again), toy_logits(q4));
}

TEST_F(PackCacheTest, RemovesWhatWasLeastRecentlyUsed) {
  std::map<std::string, std::string> paths;
  for (const char* weights : {"q8", "q8g64", "q8g128"}) {
    paths[weights] = PackCache(options().pack_cache, opened_, load(options("exact")).config,
                               *parse_weight_policy(weights))
                         .path();
    load(options(weights));
    ASSERT_TRUE(fs::exists(paths[weights]));
    const auto age = std::chrono::hours(paths.size() == 3 ? 1 : 4 - static_cast<int>(paths.size()));
    fs::last_write_time(paths[weights], fs::file_time_type::clock::now() - age);
  }
  load(options("q8"));  // used just now, so that q8g64 is the oldest
  LoadOptions tight = options("q4");
  tight.pack_cache.max_bytes = static_cast<int64_t>(
      fs::file_size(paths["q8"]) + fs::file_size(paths["q8g64"]) + fs::file_size(paths["q8g128"]));
  load(tight);
  EXPECT_TRUE(fs::exists(paths["q8"]));
  EXPECT_FALSE(fs::exists(paths["q8g64"]));
  EXPECT_EQ(files().size(), 3u);
  tight.pack_cache.max_bytes = 100;
  tight.weights = *parse_weight_policy("q4g64");
  EXPECT_THAT(load(tight).pack_cache, HasSubstr("more than the cache may hold"));
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(PackCacheTest, RemovesLeftoversOfKilledProcesses) {
  fs::create_directories(cache_ / "packed");
  const std::string left = cache_.write("packed/0.youtu.aBcDeF.partial", std::string("x"));
  const std::string fresh = cache_.write("packed/1.youtu.aBcDeF.partial", std::string("x"));
  const std::string other = cache_.write("packed/notes.txt", std::string("x"));
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::last_write_time(left, old);
  fs::last_write_time(other, old);
  load(options());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(PackCacheTest, IsNoReasonToFail) {
  LoadOptions blocked = options();
  blocked.pack_cache.folder = folder_ / "config.json/packed";
  const LoadedModel loaded = load(blocked);
  EXPECT_THAT(loaded.pack_cache, HasSubstr("packed weights are not kept: "));
  EXPECT_TRUE(loaded.has_pack_cache_news);
}

TEST_F(PackCacheTest, ServesSeveralStartsAtOnce) {
  std::vector<std::thread> starts;
  std::vector<std::vector<float>> logits(6);
  for (std::vector<float>& result : logits) {
    starts.emplace_back([this, &result] {
      LoadedModel loaded = load(options());
      result = toy_logits(loaded);
    });
  }
  for (std::thread& start : starts) start.join();
  for (const std::vector<float>& result : logits) EXPECT_EQ(result, logits.front());
  ASSERT_EQ(files().size(), 1u);
  EXPECT_THAT(load(options()).pack_cache, HasSubstr("weights are from"));
}

TEST(PackCacheFolder, ComesFromTheSettingOrTheEnvironment) {
  std::map<std::string, const char*> variables;
  const auto folder = [&](const char* setting) {
    return find_pack_cache(setting,
                           [&](const char* variable) -> const char* {
                             const auto it = variables.find(variable);
                             return it == variables.end() ? nullptr : it->second;
                           })
        .folder;
  };
  EXPECT_EQ(folder("auto"), "");
  EXPECT_EQ(folder("here"), "here");
  variables["HOME"] = "/h";
  EXPECT_EQ(folder("auto"), "/h/.cache/youtu");
  EXPECT_EQ(folder("off"), "");
  variables["XDG_CACHE_HOME"] = "/x";
  EXPECT_EQ(folder("auto"), "/x/youtu");
  variables["YOUTU_CACHE_DIR"] = "/y";
  EXPECT_EQ(folder("auto"), "/y");
  variables["YOUTU_CACHE_DIR"] = "";
  EXPECT_EQ(folder("auto"), "/x/youtu");
  variables["XDG_CACHE_HOME"] = "relative";
  EXPECT_EQ(folder("auto"), "/h/.cache/youtu");
}

}  // namespace
}  // namespace youtu
