#include "config/server_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace youtu {
namespace {

class ServerConfigTest : public ::testing::Test {
 protected:
  ServerConfigTest()
      : path_(::testing::TempDir() + "youtu_" + std::to_string(::getpid()) + ".yaml") {}
  ~ServerConfigTest() override { std::filesystem::remove(path_); }

  Result<ConfigReport> load(const std::string& file = "",
                            std::map<std::string, std::string> flags = {},
                            std::map<std::string, std::string> environment = {}) {
    ConfigInputs inputs;
    if (!file.empty()) {
      std::ofstream(path_) << file;
      inputs.file = path_;
    }
    inputs.flags = std::move(flags);
    inputs.environment = [environment](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    };
    return load_server_config(inputs);
  }
  // The message without the path.
  std::string error(const std::string& file) {
    const auto report = load(file);
    if (report) return "";
    const std::string& message = report.status().message();
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }
  const std::string path_;
};

TEST_F(ServerConfigTest, HasTheGuidesKeys) {
  const auto report = load("enable_batching: false\nmax_batch_size: 4\nbatch_timeout: 50ms\n");
  ASSERT_TRUE(report) << report.status().message();
  const EngineOptions options = engine_options(report->config, "m");
  EXPECT_FALSE(options.enable_batching);
  EXPECT_EQ(options.max_batch_size, 4);
  EXPECT_EQ(options.batch_timeout_ms, 50);
  EXPECT_EQ(options.model_path, "m");
  EXPECT_TRUE(options.prefix_cache);
  EXPECT_FALSE(engine_options(load("prefix_cache: false\n")->config, "m").prefix_cache);
}

TEST_F(ServerConfigTest, DefaultFileEnvironmentFlag) {
  const std::string file = "port: 1\nthreads: 1\nmax_batch_size: 1\n";
  const auto report = load(file, {{"max_batch_size", "3"}},
                           {{"YOUTU_THREADS", "2"}, {"YOUTU_MAX_BATCH_SIZE", "2"}});
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->config.max_step_tokens, 512);
  EXPECT_EQ(report->config.port, 1);
  EXPECT_EQ(report->config.threads, 2);
  EXPECT_EQ(report->config.max_batch_size, 3);
  EXPECT_EQ(report->sources.at("max_step_tokens"), "default");
  EXPECT_EQ(report->sources.at("port"), "file");
  EXPECT_EQ(report->sources.at("threads"), "environment");
  EXPECT_EQ(report->sources.at("max_batch_size"), "flag");
}

TEST_F(ServerConfigTest, UnknownKeysGetAHint) {
  EXPECT_EQ(error("port: 1\nmax_batch_sise: 8\n"),
            ":2: unknown setting max_batch_sise (did you mean max_batch_size?)");
  EXPECT_EQ(error("zzzzzzzzzzzzzzz: 8\n"), ":1: unknown setting zzzzzzzzzzzzzzz");
}

TEST_F(ServerConfigTest, ValuesHaveTypesAndRanges) {
  EXPECT_EQ(error("max_batch_size: 0\n"), ":1: max_batch_size is 0 (1 to 256)");
  EXPECT_EQ(error("max_batch_size: -1\n"), ":1: max_batch_size is -1 (1 to 256)");
  EXPECT_EQ(error("max_batch_size: 1e9\n"), ":1: max_batch_size is \"1e9\" (1 to 256)");
  EXPECT_EQ(error("max_batch_size: \"8\"\n"), ":1: max_batch_size is \"8\" (1 to 256)");
  EXPECT_EQ(error("max_batch_size: 8.5\n"), ":1: max_batch_size is \"8.5\" (1 to 256)");
  EXPECT_EQ(error("max_batch_size: [8]\n"), ":1: max_batch_size takes one value, no list");
  EXPECT_EQ(error("port: 65536\n"), ":1: port is 65536 (0 to 65535)");
  EXPECT_EQ(error("port: http\n"), ":1: port is \"http\" (0 to 65535)");
  EXPECT_EQ(error("clean_input: yes\n"), ":1: clean_input is \"yes\" (true or false)");
  EXPECT_EQ(error("batch_timeout: 50\n"), ":1: batch_timeout is \"50\" (0ms to 10s)");
  EXPECT_EQ(error("batch_timeout: 11s\n"), ":1: batch_timeout is 11s (0ms to 10s)");
  EXPECT_EQ(error("prefill_slowdown_percent: 109\n"),
            "prefill_slowdown_percent is 109 (110 to 10000, or 0)");
  EXPECT_EQ(error("default_preset: fast\n").substr(0, 24), "default_preset is \"fast\"");
  EXPECT_EQ(error("cache_dtype: int4\n"), "cache_dtype is \"int4\" (auto, f32, bf16, int8)");
  EXPECT_EQ(error("cache_tokens: 100\n"),
            "cache_tokens is 100, less than max_context_tokens, which is 2048");
  EXPECT_EQ(load("", {{"port", "x"}}).status().message(), "--port: port is \"x\" (0 to 65535)");
  EXPECT_EQ(load("", {}, {{"YOUTU_PORT", ""}}).status().message(),
            "YOUTU_PORT: port is \"\" (0 to 65535)");
}

TEST_F(ServerConfigTest, SessionsAreKeptForDays) {
  EXPECT_EQ(load("")->config.session_ttl, std::chrono::hours(7 * 24));
  EXPECT_EQ(load("session_ttl: 30d\n")->config.session_ttl, std::chrono::hours(30 * 24));
  EXPECT_EQ(load("session_ttl: 90s\n")->config.session_ttl, std::chrono::seconds(90));
  EXPECT_EQ(error("session_ttl: 3651d\n"), ":1: session_ttl is 3651d (0ms to 3650d)");
  EXPECT_EQ(error("session_durability: slow\n"),
            "session_durability is \"slow\" (durable or fast)");
}

TEST_F(ServerConfigTest, AWindowIsRotatedOnlyIfAsked) {
  EXPECT_EQ(load("")->config.window_cache, "recompute");
  EXPECT_EQ(load("window_cache: rotate\n")->config.window_cache, "rotate");
  EXPECT_EQ(error("window_cache: shift\n"), "window_cache is \"shift\" (recompute or rotate)");
  EXPECT_EQ(error("window_cache: rotate\nprefix_cache: false\n"),
            "window_cache is rotate, which needs prefix_cache");
}

TEST_F(ServerConfigTest, ListsComeFromFileAndFlag) {
  EXPECT_EQ(load("allowed_hosts: [a, b]\n")->config.allowed_hosts,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(load("", {{"allowed_hosts", "a,b"}})->config.allowed_hosts,
            (std::vector<std::string>{"a", "b"}));
}

TEST_F(ServerConfigTest, WhatIsPrintedIsASettingsFile) {
  const auto first = load("port: 7\nbatch_timeout: 2s\nallowed_hosts: [a, b]\n");
  ASSERT_TRUE(first);
  const std::string printed = print_config(*first);
  EXPECT_NE(printed.find("port: 7  # file\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("threads: 0  # default\n"), std::string::npos);
  EXPECT_NE(printed.find("batch_timeout: 2s  # file, live\n"), std::string::npos);
  const auto second = load(printed);
  ASSERT_TRUE(second) << second.status().message();
  EXPECT_EQ(second->config.batch_timeout, std::chrono::seconds(2));
  EXPECT_EQ(second->config.allowed_hosts, first->config.allowed_hosts);
}

TEST_F(ServerConfigTest, EverySettingIsDescribed) {
  for (const SettingInfo& info : server_settings()) {
    EXPECT_FALSE(info.help.empty()) << info.key;
    EXPECT_TRUE(info.flag.starts_with("--") && info.variable.starts_with("YOUTU_")) << info.key;
  }
}

}  // namespace
}  // namespace youtu
