#include "load/load_options.h"

#include <gtest/gtest.h>

namespace youtu::load {
namespace {

TEST(LoadOptions, NamesOfInterfacesGoBothWays) {
  for (const LoadApi api : {LoadApi::kNative, LoadApi::kOpenAi, LoadApi::kOpenAiChat}) {
    EXPECT_EQ(find_load_api(to_string(api)), api);
  }
  EXPECT_EQ(find_load_api("grpc"), std::nullopt);
}

TEST(LoadOptions, TakesObjectives) {
  Slo slo;
  EXPECT_FALSE(slo.is_set());
  ASSERT_TRUE(add_objective("ttft:500", slo).is_ok());
  ASSERT_TRUE(add_objective("tpot:99.5", slo).is_ok());
  ASSERT_TRUE(add_objective("e2el:1e4", slo).is_ok());
  EXPECT_EQ(slo.ttft_ms, 500);
  EXPECT_EQ(slo.tpot_ms, 99.5);
  EXPECT_EQ(slo.e2el_ms, 10'000);
}

TEST(LoadOptions, RefusesOtherObjectives) {
  for (const char* text : {"", "ttft", "ttft:", "ttft:x", "ttft:5ms", "ttft:0", "ttft:-1",
                           "ttft:nan", "ttft:inf", "itl:5", ":5"}) {
    Slo slo;
    const Status status = add_objective(text, slo);
    EXPECT_EQ(status.param(), "--goodput") << text;
    EXPECT_FALSE(slo.is_set()) << text;
  }
  Slo slo;
  ASSERT_TRUE(add_objective("ttft:500", slo).is_ok());
  EXPECT_NE(add_objective("ttft:600", slo).message().find("twice"), std::string::npos);
}

}  // namespace
}  // namespace youtu::load
