// What the sampler made of each token, through the whole engine.
#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "engine/local_engine.h"
#include "sampling/logprob_reader.h"
#include "sampling/sampler.h"
#include "sampling/sampling_trace.h"
#include "tests/support/generate_alone.h"
#include "tests/support/scripted_local_engine.h"

namespace youtu {
namespace {

using test::make_engine;
using test::small_options;

struct ExplainedAnswer {
  std::vector<TokenId> tokens;
  std::vector<TokenExplanation> explanations;
};

ExplainedAnswer read_all(GenerationHandle& handle) {
  ExplainedAnswer answer;
  for (GenerationEvent event; event.finish_reason == FinishReason::kNone;) {
    auto next = handle.wait_next(std::chrono::minutes(1));
    if (!next) {
      ADD_FAILURE() << "no event in a minute";
      break;
    }
    event = *std::move(next);
    answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
    answer.explanations.insert(answer.explanations.end(), event.explanations.begin(),
                               event.explanations.end());
  }
  return answer;
}

// Of an answer, without engine, batch or guesses.
std::vector<TokenExplanation> explain_alone(const GenerationRequest& request,
                                            const std::vector<TokenId>& answer) {
  const SamplingParams& sampling = request.sampling;
  std::vector<float> logits(ToyTokenizer::kVocabSize);
  LogprobReader reader(ToyTokenizer::kVocabSize);
  Sampler sampler(ToyTokenizer::kVocabSize);
  std::vector<TokenId> all = request.prompt_tokens;
  std::vector<TokenExplanation> explanations;
  for (const TokenId token : answer) {
    hashed_logits(all, logits);
    reader.read(logits);
    SamplingTrace trace(reader.of(token, sampling.explain_tokens));
    const auto num_drawn = static_cast<int64_t>(all.size() - request.prompt_tokens.size());
    const std::span<const TokenId> ends(sampling.stop_token_ids);
    const auto banned = num_drawn < sampling.min_new_tokens ? ends : ends.first(0);
    EXPECT_TRUE(
        sampler.candidates(logits, sampling, {all, request.prompt_tokens.size()}, banned, &trace));
    explanations.push_back(trace.explanation());
    all.push_back(token);
  }
  return explanations;
}

// A prompt that repeats itself, so that guesses are made.
GenerationRequest repetitive_request(uint64_t seed) {
  GenerationRequest request;
  request.prompt_tokens = {'a', 'b', 'a', 'b', 'a', 'b'};
  request.sampling.max_new_tokens = 40;
  request.sampling.seed = seed;
  request.sampling.ignore_eos = true;
  return request;
}

std::vector<GenerationRequest> different_requests() {
  std::vector<GenerationRequest> requests;
  for (uint64_t seed = 0; seed < 4; ++seed) requests.push_back(repetitive_request(seed));
  requests[0].sampling.top_k = 20;
  requests[0].sampling.top_p = 0.7;
  requests[0].sampling.repetition_penalty = 1.3;
  requests[1].sampling.temperature = 0;
  requests[2].sampling.min_p = 0.2;
  requests[2].sampling.temperature = 0.7;
  requests[2].sampling.min_new_tokens = 5;
  requests[2].sampling.stop_token_ids = {'x'};
  requests[3].sampling.top_p = 0.5;
  requests[3].sampling.no_repeat_ngram_size = 2;
  requests[3].sampling.frequency_penalty = 0.5;
  return requests;
}

TEST(LocalEngineExplanations, AreThoseOfEachTokenAloneAndChangeNothing) {
  for (const bool speculation : {false, true}) {
    EngineOptions options = small_options();
    options.speculation = speculation;
    const auto engine = make_engine(options);
    std::vector<GenerationRequest> requests = different_requests();
    std::vector<GenerationHandle> plain;
    std::vector<GenerationHandle> explained;
    for (GenerationRequest& request : requests) {
      plain.push_back(*engine->submit(request));
      request.sampling.explain_tokens = 3;
      explained.push_back(*engine->submit(request));
    }
    for (size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "request " << i << ", speculation " << speculation);
      const ExplainedAnswer without = read_all(plain[i]);
      const ExplainedAnswer with = read_all(explained[i]);
      EXPECT_TRUE(without.explanations.empty());
      EXPECT_EQ(with.tokens, without.tokens);
      EXPECT_EQ(with.explanations, explain_alone(requests[i], with.tokens));
      for (size_t t = 0; t < with.tokens.size(); ++t) {
        EXPECT_EQ(with.explanations[t].drawn, with.tokens[t]);
      }
    }
  }
}

TEST(LocalEngineExplanations, BeginWithWhatTheFormatLeaves) {
  const auto engine = make_engine(small_options());
  GenerationRequest request = repetitive_request(1);
  request.sampling.ignore_eos = false;
  request.sampling.explain_tokens = kMaxExplainedCandidates;
  request.output_format = {.kind = OutputFormat::Kind::kRegex, .text = "[ab]{3}"};
  auto handle = engine->submit(request);
  ASSERT_TRUE(handle.is_ok());
  const ExplainedAnswer answer = read_all(*handle);
  ASSERT_EQ(answer.explanations.size(), 4u);  // three letters and one of the two ends
  for (size_t i = 0; i < 4; ++i) {
    const TokenExplanation& one = answer.explanations[i];
    ASSERT_EQ(one.stages().size(), 1u);
    EXPECT_EQ(one.stages()[0], (StageReport{SamplerStage::kOutputFormat, 2}));
    for (const ExplainedCandidate& candidate : one.candidates()) {
      const bool is_end =
          candidate.token == ToyTokenizer::kEnd || candidate.token == ToyTokenizer::kEndOfTurn;
      const bool is_left = i < 3 ? candidate.token == 'a' || candidate.token == 'b' : is_end;
      EXPECT_EQ(candidate.removed_by, is_left ? -1 : 0);
    }
  }
}

TEST(LocalEngineExplanations, SayWhereTheBudgetOfAThoughtLeavesNoChoice) {
  const auto engine = make_engine(small_options());
  GenerationRequest request = repetitive_request(1);
  request.sampling.max_new_tokens = 14;
  request.sampling.explain_tokens = 2;
  request.sampling.top_k = 5;
  request.thought = ThoughtRules{.is_open = true};
  request.sampling.thinking_token_budget = 3;
  auto handle = engine->submit(request);
  ASSERT_TRUE(handle.is_ok()) << handle.status().message();
  const ExplainedAnswer answer = read_all(*handle);
  ASSERT_EQ(answer.explanations.size(), 14u);
  for (size_t i = 0; i < 14; ++i) {
    const TokenExplanation& one = answer.explanations[i];
    const bool is_forced = i >= 3 && i < 3 + std::string_view("</think>").size();
    ASSERT_EQ(one.stages().size(), 1u);
    const StageReport forced = {SamplerStage::kThinkingTokenBudget, 1};
    const StageReport drawn = {SamplerStage::kTopK, 5};
    EXPECT_EQ(one.stages()[0], is_forced ? forced : drawn);
    EXPECT_EQ(one.drawn, answer.tokens[i]);
    for (const ExplainedCandidate& candidate : one.candidates()) {
      if (!is_forced) continue;
      EXPECT_EQ(candidate.removed_by, candidate.token == one.drawn ? -1 : 0);
    }
  }
}

TEST(LocalEngineExplanations, HaveABound) {
  const auto engine = make_engine(small_options());
  GenerationRequest request = repetitive_request(1);
  request.sampling.explain_tokens = kMaxExplainedCandidates + 1;
  EXPECT_EQ(engine->submit(request).status().param(), "explain_tokens");
  request.sampling.explain_tokens = 1;
  request.sampling.max_new_tokens = kMaxExplainedTokens + 1;
  EXPECT_EQ(engine->submit(request).status().message(),
            "max_new_tokens is 2049 (1 to 2048 beside explain_tokens)");
}

}  // namespace
}  // namespace youtu
