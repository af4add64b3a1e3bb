#include "engine/sequence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

// A sequence that is fed with tokens as if it were computed, and what its reader has seen.
class SequenceTest : public testing::Test {
 protected:
  Sequence& start(SamplingParams sampling, bool skip_control_tokens = true) {
    GenerationRequest request = {.prompt_tokens = {ToyTokenizer::kBegin, 'h', 'i'},
                                 .sampling = std::move(sampling),
                                 .skip_control_tokens = skip_control_tokens};
    stream_ = std::make_shared<BoundedGenerationStream>(1, request.sampling.max_new_tokens);
    auto text = CompletionText::create(tokenizer_, skip_control_tokens, request.sampling.stop,
                                       request.sampling.include_stop);
    EXPECT_TRUE(text.is_ok());
    sequence_ = std::make_unique<Sequence>(std::move(request), 1, tokenizer_.eos_tokens(),
                                           *std::move(text), stream_);
    return *sequence_;
  }

  void feed(std::string_view bytes) {
    for (const char byte : bytes) feed_token(static_cast<unsigned char>(byte));
  }

  void feed_token(TokenId token) {
    ASSERT_FALSE(sequence_->is_finished());
    sequence_->advance(static_cast<int32_t>(sequence_->num_uncomputed_tokens()));
    sequence_->append(token);
    publish();
  }

  void publish() {
    sequence_->publish();
    while (auto event = stream_->try_next()) {
      text_ += event->text;
      tokens_.insert(tokens_.end(), event->tokens.begin(), event->tokens.end());
      last_ = *event;
    }
  }

  ToyTokenizer tokenizer_;
  std::shared_ptr<BoundedGenerationStream> stream_;
  std::unique_ptr<Sequence> sequence_;
  std::string text_;
  std::vector<TokenId> tokens_;
  GenerationEvent last_;
};

SamplingParams with_length(int64_t max_new_tokens) {
  SamplingParams sampling;
  sampling.max_new_tokens = max_new_tokens;
  return sampling;
}

TEST_F(SequenceTest, BeginsBehindWhatIsCachedAndRemembersTheFirstTime) {
  Sequence& sequence = start(with_length(4));
  EXPECT_FALSE(sequence.has_begun());
  sequence.begin(2);
  EXPECT_TRUE(sequence.has_begun());
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 1);
  sequence.rewind();
  sequence.begin(0);
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 3);
  EXPECT_EQ(sequence.num_cached_tokens(), 2);
}

TEST_F(SequenceTest, CountsTwoThings) {
  Sequence& sequence = start(with_length(4));
  EXPECT_EQ(sequence.num_tokens(), 3);
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 3);
  EXPECT_EQ(sequence.max_tokens(), 7);
  sequence.advance(2);
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 1);
  sequence.advance(1);
  sequence.append('a');
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 1);
  EXPECT_EQ(sequence.num_completion_tokens(), 1);
  sequence.rewind();
  EXPECT_EQ(sequence.num_uncomputed_tokens(), 4);
  EXPECT_EQ(sequence.num_prompt_tokens(), 3);
}

TEST_F(SequenceTest, EndsAtAnEndTokenWhichCountsButIsNotText) {
  start(with_length(10));
  feed("ok");
  feed_token(ToyTokenizer::kEndOfTurn);
  EXPECT_EQ(last_.finish_reason, FinishReason::kEndOfSequence);
  EXPECT_EQ(text_, "ok");
  EXPECT_EQ(tokens_, (std::vector<TokenId>{'o', 'k', ToyTokenizer::kEndOfTurn}));
  EXPECT_EQ(last_.usage.prompt_tokens, 3);
  EXPECT_EQ(last_.usage.completion_tokens, 3);
}

TEST_F(SequenceTest, EndTokenIsNotTextEvenWhenControlTokensAreShown) {
  start(with_length(10), /*skip_control_tokens=*/false);
  feed_token(ToyTokenizer::kBegin);
  feed_token(ToyTokenizer::kEnd);
  EXPECT_EQ(text_, "<begin>");
}

TEST_F(SequenceTest, IgnoresEndTokensOnRequest) {
  SamplingParams sampling = with_length(3);
  sampling.ignore_eos = true;
  start(sampling);
  feed_token(ToyTokenizer::kEnd);
  feed("ab");
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(text_, "ab");
}

TEST_F(SequenceTest, EndsAtItsLength) {
  start(with_length(2));
  feed("ab");
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(last_.usage.completion_tokens, 2);
  EXPECT_EQ(text_, "ab");
}

TEST_F(SequenceTest, CutsBeforeAStopStringThatSpansTokens) {
  SamplingParams sampling = with_length(10);
  sampling.stop = {"END", "zzz"};
  start(sampling);
  feed("xE");
  EXPECT_EQ(text_, "x");  // "E" may be the beginning of the end
  feed("yEND");
  EXPECT_EQ(text_, "xEy");
  EXPECT_EQ(last_.finish_reason, FinishReason::kStopString);
  EXPECT_EQ(last_.usage.completion_tokens, 6);
}

TEST_F(SequenceTest, KeepsAStopStringThatIsAskedFor) {
  SamplingParams sampling = with_length(100);
  sampling.stop = {"END"};
  sampling.include_stop = true;
  start(sampling);
  feed("xEND");
  EXPECT_EQ(text_, "xEND");
  EXPECT_EQ(last_.finish_reason, FinishReason::kStopString);
  EXPECT_EQ(last_.stop_string, "END");
}

TEST_F(SequenceTest, EndsAtTheRequestsOwnEndTokensAndSaysWhich) {
  SamplingParams sampling = with_length(100);
  sampling.stop_token_ids = {'x', 'y'};
  sampling.ignore_eos = true;
  start(sampling);
  feed("aby");
  EXPECT_EQ(text_, "ab");
  EXPECT_EQ(last_.finish_reason, FinishReason::kEndOfSequence);
  EXPECT_EQ(last_.stop_token, 'y');
  EXPECT_EQ(last_.stop_string, "");
}

TEST_F(SequenceTest, BansItsEndsAndLooksForNoStopStringWhileItIsTooShort) {
  SamplingParams sampling = with_length(100);
  sampling.min_new_tokens = 3;
  sampling.stop_token_ids = {'x'};
  sampling.stop = {"a"};
  Sequence& sequence = start(sampling);
  const auto is_banned = [&](TokenId token, int32_t num_draft) {
    const auto banned = sequence.banned_tokens(num_draft);
    return std::find(banned.begin(), banned.end(), token) != banned.end();
  };
  EXPECT_TRUE(is_banned('x', 0));
  EXPECT_TRUE(is_banned(tokenizer_.eos_tokens().front(), 2));
  EXPECT_FALSE(is_banned('x', 3));
  feed("aba");
  EXPECT_FALSE(sequence.is_finished());
  EXPECT_FALSE(is_banned('x', 0));
  feed("ca");
  EXPECT_EQ(text_, "abac");
  EXPECT_EQ(last_.finish_reason, FinishReason::kStopString);
}

TEST_F(SequenceTest, ReportsLogprobsBesideTheirTokens) {
  SamplingParams sampling = with_length(2);
  sampling.top_logprobs = 0;
  Sequence& sequence = start(sampling);
  for (const float logprob : {-0.5f, -2.0f}) {
    sequence.advance(static_cast<int32_t>(sequence.num_uncomputed_tokens()));
    TokenLogprobs logprobs;
    logprobs.drawn = {'a', logprob};
    sequence.append('a', &logprobs);
    publish();
    ASSERT_EQ(last_.tokens.size(), 1u);
    ASSERT_EQ(last_.logprobs.size(), 1u);
    EXPECT_EQ(last_.logprobs[0].drawn.logprob, logprob);
  }
}

TEST_F(SequenceTest, GivesOutWhatAStopStringHeldBack) {
  SamplingParams sampling = with_length(3);
  sampling.stop = {"END"};
  start(sampling);
  feed("xEN");
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(text_, "xEN");
}

TEST_F(SequenceTest, StopStringOnTheLastTokenIsAStop) {
  SamplingParams sampling = with_length(3);
  sampling.stop = {"END"};
  start(sampling);
  feed("END");
  EXPECT_EQ(last_.finish_reason, FinishReason::kStopString);
  EXPECT_EQ(text_, "");
}

TEST_F(SequenceTest, EmitsWholeCharactersOnly) {
  start(with_length(5));
  feed("\xe7\x89");
  EXPECT_EQ(text_, "");
  EXPECT_EQ(tokens_.size(), 2u);  // the tokens do not wait
  feed("\x9b");
  EXPECT_EQ(text_, "牛");
  feed("\xe9\xa1");
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(text_, "牛\xef\xbf\xbd");
}

TEST_F(SequenceTest, AStopStringCanBeCompletedByTheReplacementOfABrokenEnd) {
  SamplingParams sampling = with_length(2);
  sampling.stop = {"\xef\xbf\xbd"};
  start(sampling);
  feed("a\xe9");
  EXPECT_EQ(text_, "a");
  EXPECT_EQ(last_.finish_reason, FinishReason::kStopString);
}

TEST_F(SequenceTest, CancellationGivesOutWhatWasHeldBack) {
  SamplingParams sampling = with_length(10);
  sampling.stop = {"END"};
  start(sampling);
  feed("xE");
  stream_->cancel();
  EXPECT_TRUE(sequence_->is_cancelled());
  sequence_->finish(FinishReason::kCancelled);
  publish();
  EXPECT_EQ(text_, "xE");
  EXPECT_EQ(last_.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(last_.usage.completion_tokens, 2);
}

TEST_F(SequenceTest, PublishesNothingWhenNothingHappened) {
  start(with_length(10));
  EXPECT_FALSE(sequence_->publish());
  feed("a");
  EXPECT_FALSE(sequence_->publish());
}

TEST_F(SequenceTest, RefusesStopStringsThatAreNoText) {
  const auto text = CompletionText::create(tokenizer_, true, {"\xff"});
  ASSERT_FALSE(text.is_ok());
  EXPECT_EQ(text.status().param(), "stop");
}

using SequenceDeathTest = SequenceTest;

TEST_F(SequenceDeathTest, RefusesATokenBeforeAllAreComputed) {
  Sequence& sequence = start(with_length(2));
  EXPECT_DEATH(sequence.append('a'), "num_uncomputed_tokens");
  EXPECT_DEATH(sequence.advance(4), "num_uncomputed_tokens");
}

SamplingParams with_loop_guard(LoopGuard guard) {
  SamplingParams sampling = with_length(400);
  sampling.loop_guard = guard;
  return sampling;
}

TEST_F(SequenceTest, LoopGuardEndsALoop) {
  Sequence& sequence = start(with_loop_guard(LoopGuard::kStop));
  while (!sequence.is_finished()) feed_token("abc"[sequence.num_completion_tokens() % 3]);
  EXPECT_EQ(last_.finish_reason, FinishReason::kRepetition);
  EXPECT_EQ(last_.repetition, (Repetition{.period = 3, .count = kMinLoopTokens / 3}));
  EXPECT_EQ(static_cast<int64_t>(text_.size()), kMinLoopTokens);
}

TEST_F(SequenceTest, LoopGuardMayOnlyTell) {
  Sequence& sequence = start(with_loop_guard(LoopGuard::kReport));
  while (!sequence.is_finished()) feed_token("abc"[sequence.num_completion_tokens() % 3]);
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(last_.repetition, (Repetition{.period = 3, .count = 400 / 3}));
}

TEST_F(SequenceTest, WithoutLoopGuardALoopIsNobodysBusiness) {
  Sequence& sequence = start(with_loop_guard(LoopGuard::kOff));
  while (!sequence.is_finished()) feed_token('a');
  EXPECT_EQ(last_.finish_reason, FinishReason::kLength);
  EXPECT_FALSE(last_.repetition);
}

}  // namespace
}  // namespace youtu
