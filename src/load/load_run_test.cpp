#include "load/load_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/json.h"
#include "http/router.h"
#include "http/server.h"
#include "http/sse.h"
#include "load/arrivals.h"

namespace youtu::load {
namespace {

using namespace std::chrono_literals;

// A stream that is there at once.
class ReadyStream : public http::BodyStream {
 public:
  explicit ReadyStream(std::string bytes) : bytes_(std::move(bytes)) {}
  Chunk poll() override { return {std::move(bytes_), true}; }

 private:
  std::string bytes_;
};

http::Response answer(const std::vector<std::string>& pieces, int prompt_tokens) {
  std::string bytes;
  for (const std::string& piece : pieces) bytes += http::sse_event(Json{{"text", piece}}.dump());
  const Json usage = {{"prompt_tokens", prompt_tokens}, {"completion_tokens", pieces.size()}};
  bytes += http::sse_event(Json{{"finish_reason", "length"}, {"usage", usage}}.dump(), "done");
  http::Response response;
  response.content_type = http::kSseContentType;
  response.stream = std::make_unique<ReadyStream>(std::move(bytes));
  return response;
}

// Whose answers are known: as many "x" as are asked for, and a prompt has two tokens a word.
class LoadRunTest : public ::testing::Test {
 protected:
  void start(http::Handler handler = echo) {
    http::ServerOptions server_options;
    server_options.port = 0;
    auto server = http::Server::bind(server_options);
    ASSERT_TRUE(server) << server.status().message();
    server_ = std::move(*server);
    http::Router router;
    router.add("POST", "/chat_stream", [this, handler](const http::Request& request) {
      ++num_requests_;
      return handler(request);
    });
    server_->start(std::move(router));
    options_.target.url = *parse_server_url(server_->url());
    options_.num_prompts = 30;
    options_.max_concurrency = 4;
  }
  void TearDown() override {
    if (server_) server_->stop();
  }
  static http::Reply echo(const http::Request& request) {
    const Json body = *parse_json(request.body);
    const std::string text = body["messages"].back()["content"];
    const auto words = std::count(text.begin(), text.end(), ' ') + 1;
    const std::vector<std::string> pieces(body["max_new_tokens"].get<size_t>(), "x");
    return answer(pieces, static_cast<int>(2 * words + 7));
  }

  std::atomic<int> num_requests_{0};
  LoadOptions options_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(LoadRunTest, AClosedLoopAsksAsOftenAsItShould) {
  start();
  options_.num_warmups = 5;
  const auto workload = make_demo_workload(2, 3);
  const auto result = run_load(options_, *workload, {});
  ASSERT_TRUE(result) << result.status().message();
  EXPECT_EQ(result->records.size(), 60u);
  EXPECT_EQ(num_requests_, 1 + 2 * (5 + 30));
  EXPECT_LE(result->max_in_flight, 4);
  double last_end = 0;
  for (const RequestRecord& record : result->records) {
    EXPECT_EQ(record.failure, "");
    EXPECT_EQ(record.usage.completion_tokens, 3);
    EXPECT_GE(record.start, 0);
    EXPECT_GE(record.end, record.start);
    last_end = std::max(last_end, record.end);
  }
  EXPECT_EQ(result->duration_s, last_end);
}

TEST_F(LoadRunTest, MeasuresHowManyTokensWordsHave) {
  start();
  const auto scale = measure_prompt_scale(options_);
  ASSERT_TRUE(scale) << scale.status().message();
  EXPECT_DOUBLE_EQ(scale->tokens_per_word, 2);
  EXPECT_DOUBLE_EQ(scale->overhead_tokens, 7);
}

// Long enough that progress is told; with nobody to tell it to.
TEST_F(LoadRunTest, MeasuresASlowServerToo) {
  start([](const http::Request& request) {
    std::this_thread::sleep_for(600ms);
    return echo(request);
  });
  EXPECT_TRUE(measure_prompt_scale(options_));
}

TEST_F(LoadRunTest, AnOpenLoopAsksAtItsRate) {
  start();
  options_.request_rate = 500;
  options_.max_concurrency = kMaxInFlight;
  const auto workload = make_demo_workload(1, 2);
  const auto result = run_load(options_, *workload, {});
  ASSERT_TRUE(result) << result.status().message();
  ASSERT_EQ(result->records.size(), 30u);
  std::vector<double> starts;
  for (const RequestRecord& record : result->records) starts.push_back(record.start);
  std::sort(starts.begin(), starts.end());
  // A request begins when it is due, so these are the arrivals' times whatever the server does.
  Arrivals arrivals(500, 1, options_.sampling.seed);
  for (size_t i = 1; i < starts.size(); ++i) {
    EXPECT_NEAR(starts[i] - starts[i - 1], arrivals.next_gap(), 1e-9);
  }
}

TEST_F(LoadRunTest, AnAnswerThatIsNotAsAloneIsAFailure) {
  start([this](const http::Request& request) {
    if (num_requests_ == 20) return http::Reply(answer({"y"}, 1));
    return echo(request);
  });
  options_.check_answers = true;
  const auto workload = make_demo_workload(1, 1);  // 12 of them, and the first that is not counted
  const auto result = run_load(options_, *workload, {});
  ASSERT_TRUE(result) << result.status().message();
  int num_wrong = 0;
  for (const RequestRecord& record : result->records) num_wrong += record.failure == "wrong answer";
  EXPECT_EQ(num_wrong, 1);
  EXPECT_EQ(result->first_wrong_answer, "expected \"x\", got \"y\"");
}

TEST_F(LoadRunTest, RefusalsAreRecorded) {
  start([this](const http::Request& request) {
    if (num_requests_ == 1) return echo(request);
    http::Response response = http::error_response(503, "full", {}, "queue_full");
    response.fields.push_back({"Retry-After", "7"});
    return http::Reply(std::move(response));
  });
  const auto workload = make_demo_workload(3, 1);
  const auto result = run_load(options_, *workload, {});
  ASSERT_TRUE(result) << result.status().message();
  ASSERT_EQ(result->records.size(), 30u);  // a refused conversation does not go on
  for (const RequestRecord& record : result->records) {
    EXPECT_EQ(record.failure, "503 queue_full");
    EXPECT_EQ(record.retry_after_s, 7);
  }
}

// Two requests of three are refused: with two retries everybody is answered, with one every other.
TEST_F(LoadRunTest, WhoIsRefusedComesBackAtOnceSoManyTimes) {
  start([this](const http::Request& request) {
    if (num_requests_ % 3 == 1) return echo(request);  // the first is not counted
    return http::Reply(http::error_response(503, "full", {}, "queue_full"));
  });
  const auto workload = make_demo_workload(1, 1);
  options_.max_concurrency = 1;
  options_.max_retries = 2;
  const auto patient = run_load(options_, *workload, {});
  ASSERT_TRUE(patient) << patient.status().message();
  ASSERT_EQ(patient->records.size(), 90u);
  for (size_t i = 0; i < 90; i += 3) {
    const RequestRecord *first = &patient->records[i], *last = first + 2;
    EXPECT_TRUE(first->is_retried && first[1].is_retried && !last->is_retried);
    EXPECT_EQ(first->failure, "503 queue_full");
    EXPECT_TRUE(last->is_good());
    EXPECT_EQ(last->start, first->start);  // it has waited since then
    EXPECT_GE(first[1].start, first->end);
  }
  options_.max_retries = 1;
  num_requests_ = 0;
  const auto hasty = run_load(options_, *workload, {});
  ASSERT_TRUE(hasty) << hasty.status().message();
  int64_t num_given_up = 0;
  for (const RequestRecord& record : hasty->records) {
    num_given_up += record.is_refusal() && !record.is_retried;
  }
  EXPECT_EQ(num_given_up, 15);
}

TEST_F(LoadRunTest, OnlyWhatMayPassIsTriedAgain) {
  start([this](const http::Request& request) {
    if (num_requests_ == 1) return echo(request);
    return http::Reply(http::error_response(400, "no", {}, "invalid"));
  });
  options_.max_retries = 5;
  const auto result = run_load(options_, *make_demo_workload(1, 1), {});
  ASSERT_TRUE(result) << result.status().message();
  EXPECT_EQ(result->records.size(), 30u);
}

TEST_F(LoadRunTest, AServerThatIsNotThereIsOneError) {
  start();
  server_->stop();
  const auto workload = make_demo_workload(1, 1);
  const auto result = run_load(options_, *workload, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.status().message().find("the first request failed: "), std::string::npos);
}

}  // namespace
}  // namespace youtu::load
