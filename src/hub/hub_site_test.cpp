#include "hub/hub_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/temporary_folder.h"

namespace youtu::hub {
namespace {

using ::testing::HasSubstr;

Environment with(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* variable) {
    const auto it = values.find(variable);
    return it == values.end() ? nullptr : it->second.c_str();
  };
}

const ModelName kModel{.owner = "a", .name = "b"};

TEST(HubSite, IsWhereItsUsersSay) {
  const auto url = [](const char* from, const Environment& environment) {
    const Result<HubSite> site = find_hub_site(from, environment);
    return site ? site->url : site.status().message();
  };
  EXPECT_EQ(url("", with({})), "https://huggingface.co");
  EXPECT_EQ(url("", with({{"HF_ENDPOINT", "https://hub.test/"}})), "https://hub.test");
  EXPECT_EQ(url("", with({{"YOUTU_PULL_FROM", "hf-mirror"}})), "https://hf-mirror.com");
  EXPECT_EQ(url("hf-mirror", with({{"HF_ENDPOINT", "https://x.test"}})), "https://hf-mirror.com");
  EXPECT_EQ(url("modelscope", with({})), "https://www.modelscope.cn");
  EXPECT_EQ(url("modelscope", with({{"MODELSCOPE_DOMAIN", "www.modelscope.ai"}})),
            "https://www.modelscope.ai");
  EXPECT_EQ(url("https://h.test/sub/", with({})), "https://h.test/sub");
  EXPECT_THAT(url("huggingface", with({})), HasSubstr("--from is \"huggingface\""));
  EXPECT_THAT(url("https://u:p@h.test", with({})), HasSubstr("user's name"));
  EXPECT_THAT(url("https://h.test?x=1", with({})), HasSubstr("has a query"));
  EXPECT_THAT(url("", with({{"HF_ENDPOINT", "hub.test"}})), HasSubstr("hub.test"));
}

TEST(HubSite, AsksAtTheCommit) {
  const Result<HubSite> site = find_hub_site("", with({}));
  ASSERT_TRUE(site);
  EXPECT_EQ(site->list_url(kModel),
            "https://huggingface.co/api/models/a/b/revision/main?blobs=true");
  EXPECT_EQ(site->file_url(kModel, {.commit = "c0"}, "d/x y%.gguf"),
            "https://huggingface.co/a/b/resolve/c0/d/x%20y%25.gguf");
  const Result<HubSite> other = find_hub_site("modelscope", with({}));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->list_url(kModel),
            "https://www.modelscope.cn/api/v1/models/a/b/repo/"
            "files?Revision=master&Recursive=true");
  EXPECT_EQ(other->file_url({.owner = "a", .name = "b", .revision = "v1"}, {}, "d/x"),
            "https://www.modelscope.cn/api/v1/models/a/b/repo?Revision=v1&FilePath=d%2Fx");
}

TEST(HubSite, FindsTokens) {
  const TemporaryFolder folder;
  folder.write("token", std::string("hf_file\n"));
  const auto token = [](const char* from, const Environment& environment) {
    const Result<HubSite> site = find_hub_site(from, environment);
    return site ? site->token : site.status().message();
  };
  EXPECT_EQ(token("", with({})), "");
  EXPECT_EQ(token("", with({{"HF_TOKEN", "hf_1"}, {"HF_HOME", folder.path().string()}})), "hf_1");
  EXPECT_EQ(token("", with({{"HF_HOME", folder.path().string()}})), "hf_file");
  EXPECT_EQ(token("", with({{"HF_TOKEN_PATH", folder / "token"}})), "hf_file");
  EXPECT_EQ(token("modelscope", with({{"HF_TOKEN", "hf_1"}, {"MODELSCOPE_API_TOKEN", "ms"}})),
            "ms");
  EXPECT_THAT(token("", with({{"HF_TOKEN", "a\r\nb"}})), HasSubstr("HF_TOKEN holds no token"));
}

TEST(HubSite, CanBeForbidden) {
  EXPECT_FALSE(is_offline(with({})));
  EXPECT_FALSE(is_offline(with({{"HF_HUB_OFFLINE", "0"}})));
  EXPECT_TRUE(is_offline(with({{"HF_HUB_OFFLINE", "1"}})));
  EXPECT_TRUE(is_offline(with({{"YOUTU_OFFLINE", "True"}})));
}

}  // namespace
}  // namespace youtu::hub
