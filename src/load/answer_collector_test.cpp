#include "load/answer_collector.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "load/request_form.h"

namespace youtu::load {
namespace {

constexpr const char* kStream = "text/event-stream; charset=utf-8";

TEST(AnswerCollector, TakesANativeStream) {
  RequestRecord record;
  record.start = 1;
  AnswerCollector collector(LoadApi::kNative, record);
  collector.take_head({200, kStream});
  collector.take_body("data: {\"text\":\"a\"}\n\n", 2);
  collector.take_body("event: reasoning\ndata: {\"text\":\"b\"}\n\n: ping\n\n", 2.5);
  collector.take_body(
      "data: {\"text\":\"c\"}\n\nevent: done\ndata: {\"finish_reason\":\"stop\",\"usage\":"
      "{\"prompt_tokens\":9,\"completion_tokens\":5,\"cached_tokens\":4}}\n\n",
      4);
  collector.finish(5, "");
  EXPECT_EQ(record.failure, "");
  EXPECT_EQ(collector.text(), "abc");
  EXPECT_EQ(record.usage.prompt_tokens, 9);
  EXPECT_EQ(record.usage.cached_tokens, 4);
  EXPECT_EQ(record.gaps, (std::vector<double>{0.5, 1.5}));
  EXPECT_DOUBLE_EQ(*record.ttft(), 1);
  EXPECT_DOUBLE_EQ(record.e2el(), 3);
  EXPECT_DOUBLE_EQ(*record.tpot(), 0.5);  // (4 - 2) / (5 - 1)
}

TEST(AnswerCollector, TakesOpenAiStreams) {
  for (const char* piece : {"{\"choices\":[{\"text\":\"a\"}]}",
                            "{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}"}) {
    RequestRecord record;
    AnswerCollector collector(LoadApi::kOpenAi, record);
    collector.take_head({200, kStream});
    collector.take_body("data: " + std::string(piece) + "\n\n", 1);
    collector.take_body("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", 2);
    collector.take_body(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,"
        "\"prompt_tokens_details\":{\"cached_tokens\":1}}}\n\ndata: [DONE]\n\n",
        3);
    collector.finish(4, "");
    EXPECT_EQ(record.failure, "") << piece;
    EXPECT_EQ(collector.text(), "a");
    EXPECT_DOUBLE_EQ(record.end, 2);  // the answer's, not the connection's
    EXPECT_EQ(record.usage.completion_tokens, 2);
    EXPECT_EQ(record.usage.cached_tokens, 1);
  }
}

std::string failure_of(const ResponseHead& head, std::string_view body, std::string_view why_cut) {
  RequestRecord record;
  AnswerCollector collector(LoadApi::kNative, record);
  if (head.status != 0) collector.take_head(head);
  if (!body.empty()) collector.take_body(body, 1);
  collector.finish(2, why_cut);
  EXPECT_DOUBLE_EQ(record.end, 2);
  return record.failure;
}

TEST(AnswerCollector, SaysWhyThereIsNoAnswer) {
  EXPECT_EQ(failure_of({}, "", "timeout"), "timeout");
  EXPECT_EQ(failure_of({503, "application/json"}, "{\"error\":{\"code\":\"queue_full\"}}", ""),
            "503 queue_full");
  EXPECT_EQ(failure_of({404, "text/plain"}, "no such\npage", ""), "404 no such page");
  EXPECT_EQ(
      failure_of({429, "application/json"}, "{\"error\":{\"code\":null,\"message\":\"slow\"}}", ""),
      "429 slow");
  EXPECT_EQ(failure_of({200, "text/html"}, "<html>", ""), "not an event stream");
  EXPECT_EQ(failure_of({200, kStream}, "data: {\"text\":\"a\"}\n\n", ""),
            "stream ended without its end");
  EXPECT_EQ(failure_of({200, kStream}, "data: {\"text\":\"a\"}\n\n", "connection: closed"),
            "connection: closed");
  EXPECT_EQ(failure_of({200, kStream}, "data: hello\n\n", ""), "stream bad_event");
}

TEST(AnswerCollector, AnErrorInsideAStreamIsAFailure) {
  RequestRecord record;
  AnswerCollector collector(LoadApi::kNative, record);
  collector.take_head({200, kStream});
  collector.take_body("event: error\ndata: {\"error\":{\"code\":\"request_timeout\"}}\n\n", 1);
  collector.finish(2, "");
  EXPECT_EQ(record.failure, "stream request_timeout");
}

Json body_of(LoadApi api) {
  LoadTarget target;
  target.api = api;
  target.model = "m";
  target.url = {"h", "1", "/p", "h:1"};
  const LoadSampling sampling = {.temperature = 0, .seed = 3, .ignore_eos = true};
  const std::string bytes =
      request_bytes(target, sampling, {{"user", "a"}, {"assistant", "b"}, {"user", "c"}}, 8);
  const size_t body = bytes.find("\r\n\r\n") + 4;
  EXPECT_NE(bytes.find("Content-Length: " + std::to_string(bytes.size() - body) + "\r\n"),
            std::string::npos);
  EXPECT_TRUE(bytes.starts_with("POST /p/"));
  return *parse_json(std::string_view(bytes).substr(body));
}

TEST(RequestForm, IsThatOfTheInterface) {
  const Json native = body_of(LoadApi::kNative);
  EXPECT_EQ(native["messages"].size(), 3u);
  EXPECT_EQ(native["max_new_tokens"], 8);
  EXPECT_EQ(native["stream_format"], "json");
  EXPECT_EQ(native["repetition_penalty"], 1.0);
  const Json completions = body_of(LoadApi::kOpenAi);
  EXPECT_EQ(completions["prompt"], "a\nb\nc");
  EXPECT_EQ(completions["max_tokens"], 8);
  EXPECT_EQ(completions["stream_options"]["include_usage"], true);
  EXPECT_EQ(body_of(LoadApi::kOpenAiChat)["messages"][1]["role"], "assistant");
}

}  // namespace
}  // namespace youtu::load
