#include "server/status_api.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "http/server.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"

namespace youtu {
namespace {

TEST(StatusApi, SaysHowFarLoadingIs) {
  test::ScriptedEngine engine(test::ScriptedEngine::Pace::kFree);
  ServingOptions serving;
  serving.model_name = "m";
  ServingState state(serving);
  StatusApi api(state, "1.2.3");
  http::ServerOptions options;
  options.port = 0;
  const auto server = http::Server::bind(options);
  ASSERT_TRUE(server);
  http::Router router;
  api.add_routes(router);
  (*server)->start(std::move(router));
  const auto ready = [&](int status) {
    const test::RawResponse response = test::get((*server)->port(), "/ready");
    EXPECT_EQ(response.status, status);
    return *parse_json(response.body);
  };
  Json body = ready(503);
  EXPECT_EQ(body["stage"], "files");
  EXPECT_TRUE(body["eta_seconds"].is_null());
  state.loading().note(LoadStage::kPull, 0.5);
  body = ready(503);
  EXPECT_EQ(body["stage"], "pull");
  EXPECT_EQ(body["percent"], 50);
  state.loading().note(LoadStage::kFiles, 0);
  EXPECT_EQ(ready(503)["stage"], "files");
  state.loading().note(LoadStage::kWeights, 0.25);
  body = ready(503);
  EXPECT_EQ(body["status"], "loading");
  EXPECT_EQ(body["stage"], "weights");
  EXPECT_EQ(body["percent"], 25);
  EXPECT_GE(body["eta_seconds"].get<double>(), 0);
  state.attach(engine);
  EXPECT_EQ(ready(200), Json({{"status", "ready"}, {"model", "m"}}));
  state.begin_drain();
  EXPECT_EQ(ready(503)["status"], "draining");
  EXPECT_EQ(test::get((*server)->port(), "/version").body,
            R"({"name":"youtu-serve","version":"1.2.3"})");
  (*server)->stop();
}

}  // namespace
}  // namespace youtu
