#include "config/settings_file.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

std::string error_of(const std::string& text) {
  const auto settings = parse_settings(text, "c.yaml");
  return settings ? "" : settings.status().message();
}

TEST(ParseSettings, ReadsScalarsAndLists) {
  const auto settings =
      parse_settings("# a comment\nport: 8081\nmodel: \"a b\"\nallowed_hosts: [x, y]\n", "c.yaml");
  ASSERT_TRUE(settings) << settings.status().message();
  ASSERT_EQ(settings->size(), 3u);
  EXPECT_EQ((*settings)[0].key, "port");
  EXPECT_EQ((*settings)[0].values, std::vector<std::string>{"8081"});
  EXPECT_EQ((*settings)[0].line, 2);
  EXPECT_FALSE((*settings)[0].is_quoted);
  EXPECT_TRUE((*settings)[1].is_quoted);
  EXPECT_TRUE((*settings)[2].is_list);
  EXPECT_EQ((*settings)[2].values, (std::vector<std::string>{"x", "y"}));
}

TEST(ParseSettings, AnEmptyFileSetsNothing) {
  EXPECT_EQ(error_of(""), "");
  EXPECT_EQ(error_of("# only this\n"), "");
}

TEST(ParseSettings, RefusesWhatCouldGrow) {
  EXPECT_EQ(error_of("a: &x 1\nb: *x\n"), "c.yaml:1: anchors are not supported");
  EXPECT_EQ(error_of("a: &x [*x]\n"), "c.yaml:1: anchors are not supported");
  EXPECT_EQ(error_of("a: !!python/object 1\n"), "c.yaml:1: tags are not supported");
  EXPECT_EQ(error_of("a:\n  b: 1\n"), "c.yaml:2: nested settings are not supported");
  EXPECT_NE(error_of("a: [[1]]\n"), "");
  EXPECT_NE(error_of("a: " + std::string(10'000, '[')), "");
  EXPECT_NE(error_of(std::string(70'000, 'a')), "");
}

TEST(ParseSettings, RefusesWhatIsNoSettingsFile) {
  EXPECT_EQ(error_of("a: 1\na: 2\n"), "c.yaml:2: a is set twice");
  EXPECT_EQ(error_of("- a\n"), "c.yaml:1: expected lines of the form \"key: value\"");
  EXPECT_EQ(error_of("a\n"), "c.yaml:1: expected lines of the form \"key: value\"");
  EXPECT_NE(error_of("a:\n"), "");
  EXPECT_NE(error_of("a: [1\n"), "");
  EXPECT_EQ(error_of("a: \xff\n"), "c.yaml: byte 3 is not UTF-8");
}

TEST(ReadSettingsFile, SaysWhatIsWrongWithThePath) {
  EXPECT_FALSE(read_settings_file("/no/such/file.yaml"));
  EXPECT_FALSE(read_settings_file("/"));
}

}  // namespace
}  // namespace youtu
