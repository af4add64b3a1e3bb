#include "config/config_change.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

using Keys = std::vector<std::string>;

ConfigReport settings(std::map<std::string, std::string> flags) {
  ConfigInputs inputs;
  inputs.flags = std::move(flags);
  auto report = load_server_config(inputs);
  EXPECT_TRUE(report) << report.status().message();
  return report ? *std::move(report) : ConfigReport();
}

TEST(ConfigChange, TakesOverWhatIsLiveAndNamesTheRest) {
  const ConfigReport running = settings({{"port", "1"}, {"max_queued_requests", "4"}});
  const ConfigReport wanted = settings({{"port", "2"},
                                        {"max_queued_requests", "5"},
                                        {"allowed_hosts", "a,b"},
                                        {"session_ttl", "1d"},
                                        {"model", "other"},
                                        {"default_preset", "speed"}});
  const ConfigChange change = plan_config_change(running, wanted);
  EXPECT_EQ(change.changed,
            (Keys{"max_queued_requests", "default_preset", "allowed_hosts", "session_ttl"}));
  EXPECT_EQ(change.need_restart, (Keys{"port", "model"}));
  EXPECT_EQ(change.report.config.port, 1);
  EXPECT_EQ(change.report.config.model, "");
  EXPECT_EQ(change.report.config.max_queued_requests, 5);
  EXPECT_EQ(change.report.config.allowed_hosts, (Keys{"a", "b"}));
  EXPECT_EQ(change.report.sources.at("default_preset"), "flag");
  EXPECT_EQ(change.report.sources.at("model"), "default");
  EXPECT_EQ(config_change_text(change),
            "max_queued_requests, default_preset, allowed_hosts, session_ttl; needs a restart: "
            "port, model");
}

TEST(ConfigChange, SaysWhatNeedsARestartUntilThereIsOne) {
  const ConfigReport running = settings({});
  const ConfigReport wanted = settings({{"port", "2"}});
  const ConfigChange first = plan_config_change(running, wanted);
  EXPECT_EQ(plan_config_change(first.report, wanted).need_restart, Keys{"port"});
  EXPECT_EQ(config_change_text(plan_config_change(running, running)), "no setting");
}

// Every setting is of one kind, and a change of any of them is seen.
TEST(ConfigChange, SeesEachSetting) {
  const ConfigReport running = settings({});
  const std::map<std::string, std::string> others = {
      {"default_preset", "speed"},         {"openai_preset", "speed"}, {"load", "read"},
      {"session_durability", "fast"},      {"cache_dtype", "int8"},    {"cache_tokens", "4096"},
      {"prefill_slowdown_percent", "200"}, {"window_cache", "rotate"}};
  for (const SettingInfo& info : server_settings()) {
    std::string value = "other";
    if (info.is_flag) {
      value = info.default_value == "true" ? "false" : "true";
    } else if (others.contains(info.key)) {
      value = others.at(info.key);
    } else if (info.range.ends_with("s") || info.range.ends_with("d")) {
      value = "9s";
    } else if (!info.range.empty()) {
      value = info.key == "access_log_bytes" || info.key == "max_session_bytes" ? "4097" : "77";
    }
    const ConfigChange change = plan_config_change(running, settings({{info.key, value}}));
    EXPECT_EQ(change.changed, info.is_live ? Keys{info.key} : Keys()) << info.key;
    EXPECT_EQ(change.need_restart, info.is_live ? Keys() : Keys{info.key}) << info.key;
  }
}

}  // namespace
}  // namespace youtu
