#include "server/http_metrics.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(HttpMetrics, CountsResponsesByStatus) {
  http::ServerStats stats = {3, 1};
  stats.responses = {{200, 41}, {503, 2}};
  const std::string text = http_metrics(stats, "m");
  EXPECT_NE(text.find("youtu:http_connections{model_name=\"m\",engine=\"0\"} 3\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("youtu:http_responses_total{model_name=\"m\",engine=\"0\",code=\"503\"} 2\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace youtu
