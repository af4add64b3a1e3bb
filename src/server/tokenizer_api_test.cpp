#include "server/tokenizer_api.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "http/server.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"

namespace youtu {
namespace {

class TokenizerApiTest : public ::testing::Test {
 protected:
  TokenizerApiTest() : engine_(test::ScriptedEngine::Pace::kFree), state_({}), api_(state_) {
    http::ServerOptions options;
    options.port = 0;
    auto server = http::Server::bind(options);
    EXPECT_TRUE(server);
    server_ = std::move(*server);
    http::Router router;
    api_.add_routes(router);
    server_->start(std::move(router));
    state_.attach(engine_);
  }
  ~TokenizerApiTest() override { server_->stop(); }
  Json post(const std::string& path, const std::string& body, int status = 200) {
    const test::RawResponse response = test::post_json(server_->port(), path, body);
    EXPECT_EQ(response.status, status) << response.body;
    return *parse_json(response.body);
  }

  test::ScriptedEngine engine_;
  ServingState state_;
  TokenizerApi api_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(TokenizerApiTest, TokenizesUnderBothNames) {
  EXPECT_EQ(post("/tokenize", R"({"prompt":"hi"})")["tokens"], Json({256, 104, 105}));
  const Json bare = post("/tokenize", R"({"content":"hi","add_special":false,"with_pieces":true})");
  EXPECT_EQ(bare["tokens"], Json({104, 105}));
  EXPECT_EQ(bare["count"], 2);
  EXPECT_EQ(bare["token_strs"], Json({"h", "i"}));
  // What somebody wrote is never a control token.
  EXPECT_EQ(post("/tokenize", R"({"prompt":"<|User|>","add_special_tokens":false})")["count"], 8);
  const Json chat =
      post("/tokenize", R"({"messages":[{"role":"user","content":"a"}],"enable_thinking":true})");
  EXPECT_EQ(chat["tokens"], Json({256, 258, 97, 259}));
}

TEST_F(TokenizerApiTest, DetokenizesUnderBothNames) {
  const Json text = post("/detokenize", R"({"tokens":[258,104,228]})");
  EXPECT_EQ(text["prompt"], "<|User|>h\xEF\xBF\xBD");
  EXPECT_EQ(text["content"], text["prompt"]);
}

TEST_F(TokenizerApiTest, ShowsThePromptOfAConversation) {
  EXPECT_EQ(post("/apply-template", R"({"messages":[{"role":"user","content":"a"}]})")["prompt"],
            "<|begin|><|User|>a<|Assistant|><think>\n\n</think>\n\n");
}

TEST_F(TokenizerApiTest, RefusesWhatIsWrong) {
  EXPECT_EQ(post("/tokenize", "{}", 400)["error"]["param"], "prompt");
  EXPECT_EQ(post("/tokenize", "[", 400)["error"]["code"], "invalid_json");
  EXPECT_EQ(post("/detokenize", R"({"tokens":[262]})", 400)["error"]["code"], "out_of_range");
  EXPECT_EQ(post("/detokenize", R"({"tokens":"x"})", 400)["error"]["code"], "type");
  EXPECT_EQ(post("/apply-template", R"({"messages":[]})", 400)["error"]["code"], "empty");
}

}  // namespace
}  // namespace youtu
