#include "server/reload_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu {
namespace {

using ::testing::HasSubstr;

TEST(ReloadRecord, CountsBothEndsAndRemembersTheLastGoodOne) {
  ReloadRecord record(1'000);
  const std::string labels = R"({model_name="m",engine="0"})";
  EXPECT_THAT(record.metrics("m"),
              HasSubstr("youtu:config_last_reload_successful" + labels + " 1\n"));
  record.note_success(2'000);
  record.note_failure();
  record.note_failure();
  const std::string text = record.metrics("m");
  EXPECT_THAT(text, HasSubstr("result=\"success\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("result=\"failure\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("youtu:config_last_reload_successful" + labels + " 0\n"));
  EXPECT_THAT(text,
              HasSubstr("youtu:config_last_reload_success_timestamp_seconds" + labels + " 2000\n"));
}

}  // namespace
}  // namespace youtu
