#include "youtu/engine.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(CreateEngine, SaysWhatIsWrong) {
  EngineOptions options;
  options.model_path = "/nowhere/at/all";
  const auto engine = create_engine(options);
  ASSERT_FALSE(engine.is_ok());
  EXPECT_NE(engine.status().message().find("/nowhere/at/all"), std::string::npos)
      << engine.status().message();
}

}  // namespace
}  // namespace youtu
