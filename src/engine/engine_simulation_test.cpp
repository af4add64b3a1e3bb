// The engine without its threads, model and clock: scheduler, prefix cache and runner, one seed for
// all that happens to them. Clients come with prompts that begin alike, go on with earlier
// conversations, have salts and priorities, go away; steps have room for more or fewer tokens, and
// some fail; the cache is so small that sequences are preempted; some read slowly, or nothing until
// all others have their answers; some answers have a format, whose states are forgotten now and
// then; some thoughts have a budget; some conversations go on without a part of what was said, and
// what is cached of it is moved. Every answer must be the one that its request gets alone, from
// whatever blocks it was computed, and nobody outside a conversation may see what was moved in it.
//
//   YOUTU_SIMULATION_SEEDS=1000000   so many seeds
//   YOUTU_SIMULATION_SEED=4711       this one only
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/model_runner.h"
#include "engine/scheduler.h"
#include "engine/sliding_window.h"
#include "grammar/format_compiler.h"
#include "sampling/logprob_reader.h"
#include "sampling/sampling_trace.h"
#include "tests/support/chain_executor.h"
#include "tests/support/closed_thought.h"
#include "tests/support/moved_rows.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

using Tokens = std::vector<TokenId>;
using test::closing_token;
using test::kThought;

constexpr int64_t kMaxTokens = 5 * kBlockSize;  // of a request

// A request and what its reader has seen of it.
struct Reader {
  GenerationRequest request;
  std::optional<size_t> format;  // index in formats()
  std::shared_ptr<BoundedGenerationStream> stream;
  Tokens tokens;
  std::vector<TokenExplanation> explanations;
  GenerationEvent last;
  int num_ends = 0;
  bool has_begun = false;
  bool is_reading = true;
  bool is_stubborn = false;  // reads nothing before all others have their answers

  void read() {
    while (auto event = stream->try_next()) {
      tokens.insert(tokens.end(), event->tokens.begin(), event->tokens.end());
      explanations.insert(explanations.end(), event->explanations.begin(),
                          event->explanations.end());
      num_ends += event->finish_reason != FinishReason::kNone ? 1 : 0;
      last = *std::move(event);
    }
  }
  Tokens conversation() const {
    Tokens all = request.prompt_tokens;
    all.insert(all.end(), tokens.begin(), tokens.end());
    return all;
  }
};

// Formats of the tokens that prompts have, too, so that guesses come true in them.
const std::vector<OutputFormat>& formats() {
  using Kind = OutputFormat::Kind;
  static const std::vector<OutputFormat> kFormats = {
      {.kind = Kind::kRegex, .text = "[\\x00-\\x03]{3,30}"},
      {.kind = Kind::kGrammar, .text = "root ::= [\\x00-\\x01] root? [\\x02-\\x03]"},
      {.kind = Kind::kChoice, .choices = {"abc", "abd", "b"}},
      {.kind = Kind::kJsonSchema, .text = R"({"type":"array","items":{"type":"integer"}})"},
  };
  return kFormats;
}

std::shared_ptr<CompiledFormat> compile(size_t format, size_t max_bytes) {
  static const ToyTokenizer kTokenizer;
  static const auto kVocabulary = std::make_shared<const FormatVocabulary>(kTokenizer);
  return std::make_shared<CompiledFormat>(*build_automaton(formats()[format]), kVocabulary,
                                          max_bytes);
}

struct Answer {
  Tokens tokens;
  std::vector<TokenExplanation> explanations;
  FinishReason reason = FinishReason::kNone;
};

// Of the token that was drawn from `masked`, what a format leaves of the `raw` logits, or that had
// to be written.
TokenExplanation explain_alone(const SamplingParams& sampling, std::span<const float> raw,
                               std::span<float> masked, bool has_format, bool is_closing,
                               TokenId token) {
  LogprobReader reader(ToyTokenizer::kVocabSize);
  reader.read(raw);
  SamplingTrace trace(reader.of(token, sampling.explain_tokens));
  if (is_closing) {
    trace.after(SamplerStage::kThinkingTokenBudget, token);
    return trace.explanation();
  }
  if (has_format) trace.after(SamplerStage::kOutputFormat, masked);
  Sampler sampler(ToyTokenizer::kVocabSize);
  EXPECT_TRUE(sampler.candidates(masked, sampling, {}, {}, &trace));
  return trace.explanation();
}

Answer answer_alone(const GenerationRequest& request, const ToyTokenizer& tokenizer,
                    CompiledFormat* format) {
  FormatCursor cursor;
  Sampler sampler(ToyTokenizer::kVocabSize);
  std::vector<float> logits(ToyTokenizer::kVocabSize);
  Tokens all = request.prompt_tokens;
  uint64_t chain = 0;
  for (const TokenId token : all) chain = chain_of(chain, token);
  Answer answer;
  const auto ends = tokenizer.eos_tokens();
  while (answer.reason == FinishReason::kNone) {
    write_logits(chain, logits);
    const std::vector<float> raw = logits;
    if (format != nullptr) {
      format->follow(cursor, answer.tokens);
      (*format->mask(cursor))->apply(logits);
    }
    std::vector<float> masked = logits;
    const std::optional<TokenId> closing = closing_token(request, answer.tokens);
    const TokenId token =
        closing ? *closing
                : *sampler.sample(logits, request.sampling, {all, request.prompt_tokens.size()},
                                  *request.sampling.seed);
    all.push_back(token);
    answer.tokens.push_back(token);
    if (request.sampling.explain_tokens > 0) {
      answer.explanations.push_back(explain_alone(request.sampling, raw, masked, format != nullptr,
                                                  closing.has_value(), token));
    }
    chain = chain_of(chain, token);
    if (std::ranges::find(ends, token) != ends.end()) {
      answer.reason = FinishReason::kEndOfSequence;
    } else if (static_cast<int64_t>(answer.tokens.size()) == request.sampling.max_new_tokens) {
      answer.reason = FinishReason::kLength;
    }
  }
  return answer;
}

size_t common_prefix(const Tokens& a, const Tokens& b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// What a world has lived through; many of them together should have seen everything.
struct Experience {
  int64_t hit_tokens = 0;
  int64_t preemptions = 0;
  int64_t num_cancelled = 0;
  int64_t num_faults = 0;
  int64_t num_pauses = 0;
  int64_t num_full_caches = 0;  // no block was free, but some were cached
  int64_t draft_tokens = 0;
  int64_t accepted_draft_tokens = 0;
  int64_t num_formatted = 0;  // answers with a format that came to their end
  int64_t accepted_in_format = 0;
  int64_t num_closed_thoughts = 0;
  int64_t rotated_tokens = 0;
  int64_t num_slides_of_slid = 0;  // what was moved before is moved again
};

class World {
 public:
  explicit World(uint64_t seed) : random_(static_cast<std::mt19937::result_type>(seed)) {
    options_.max_batch_size = 1 + static_cast<int32_t>(random_() % 5);
    options_.max_step_tokens = options_.max_batch_size + static_cast<int32_t>(random_() % 40);
    options_.num_blocks = 5 + static_cast<int32_t>(random_() % 14);
    options_.block_size = kBlockSize;
    options_.prefix_cache = random_() % 8 != 0;
    options_.prefix_hash_key = random_();
    has_faults_ = random_() % 4 == 0;
    has_slow_readers_ = random_() % 3 == 0;
    executor_.emplace(options_.num_blocks);
    moved_rows_.emplace(*executor_, options_.num_blocks);
    scheduler_.emplace(options_);
    runner_.emplace(*executor_, options_.max_batch_size, options_.max_step_tokens);
    // A machine on which rows are cheap, and one on which they are not.
    costs_.observe({.rows = 1}, 1.0);
    costs_.observe({.rows = 32}, random_() % 2 == 0 ? 1.5 : 16.0);
    for (Tokens& tokens : beginnings_) tokens = random_tokens(random_() % 50);
    const size_t max_bytes = random_() % 2 == 0 ? 1 : CompiledFormat::kDefaultMaxBytes;
    for (size_t i = 0; i < formats().size(); ++i) formats_.push_back(compile(i, max_bytes));
  }

  Experience live() {
    const size_t num_requests = 4 + random_() % 12;
    const auto is_over = [&] {
      return readers_.size() >= num_requests && !scheduler_->has_work() &&
             scheduler_->num_paused() == 0;
    };
    for (int64_t step = 0; !is_over(); ++step) {
      if (step == 20'000) {
        ADD_FAILURE() << "no end in sight";
        break;
      }
      if (readers_.size() < num_requests && random_() % 4 == 0) {
        for (uint32_t n = 1 + random_() % 3; n > 0; --n) arrive();
      }
      if (!readers_.empty() && random_() % 25 == 0) {
        readers_[random_() % readers_.size()]->stream->cancel();
      }
      if (has_faults_ && random_() % 30 == 0) executor_->fail_next_step();
      run_step();
      read_all(readers_.size() >= num_requests);
      if (testing::Test::HasFailure()) return experience_;
    }
    scheduler_->check_integrity();
    EXPECT_EQ(scheduler_->blocks().num_in_use(), 0);
    for (const auto& reader : readers_) reader->read();
    for (const auto& reader : readers_) check_answer(*reader);
    experience_.hit_tokens = scheduler_->counters().prefix_hit_tokens;
    experience_.preemptions = scheduler_->counters().preemptions;
    experience_.num_pauses = scheduler_->counters().pauses;
    return experience_;
  }

 private:
  using Lane = std::pair<int, std::string>;

  Tokens random_tokens(size_t count) {
    Tokens tokens(count);
    for (TokenId& token : tokens) token = static_cast<TokenId>(random_() % 4);
    return tokens;
  }

  // A new prompt, one that begins as others do, or the next turn of an earlier conversation.
  Tokens random_prompt() {
    Tokens prompt;
    if (!readers_.empty() && random_() % 3 == 0) {
      prompt = readers_[random_() % readers_.size()]->conversation();
    } else if (random_() % 4 != 0) {
      prompt = beginnings_[random_() % beginnings_.size()];
    }
    const Tokens rest = random_tokens(1 + random_() % 20);
    prompt.insert(prompt.end(), rest.begin(), rest.end());
    prompt.resize(std::min(prompt.size(), static_cast<size_t>(kMaxTokens - 1)));
    return prompt;
  }

  // The next turn of a conversation without some of what was said. Whoever slides a conversation of
  // no name gives it one.
  void slide(GenerationRequest& request) {
    const Reader& before = *readers_[random_() % readers_.size()];
    Tokens said = before.conversation();
    if (said.size() < 4) return;
    const size_t pinned = random_() % (said.size() / 2);
    const size_t dropped = 1 + random_() % (said.size() / 2);
    const Tokens question = random_tokens(1 + random_() % 10);
    said.insert(said.end(), question.begin(), question.end());
    Tokens prompt(said.begin(), said.begin() + static_cast<ptrdiff_t>(pinned));
    prompt.insert(prompt.end(), said.begin() + static_cast<ptrdiff_t>(pinned + dropped),
                  said.end());
    if (prompt.size() >= static_cast<size_t>(kMaxTokens)) return;
    const auto& window = before.request.window;
    request.prompt_tokens = std::move(prompt);
    request.cache_salt = before.request.cache_salt;
    request.window = {.conversation = window
                                          ? window->conversation
                                          : std::string(1, static_cast<char>('A' + random_() % 2)),
                      .earlier = std::move(said),
                      .num_pinned = static_cast<int64_t>(pinned),
                      .num_dropped = static_cast<int64_t>(dropped),
                      .is_earlier_whole = !window};
    EXPECT_TRUE(check_window(*request.window, request.prompt_tokens).is_ok());
  }

  // Right in parts: what the answer will be, with some tokens changed.
  Tokens random_prediction(const Reader& reader) {
    Tokens prediction = alone(reader).tokens;
    for (TokenId& token : prediction) {
      if (random_() % 8 == 0) token = static_cast<TokenId>(random_() % 4);
    }
    return prediction;
  }

  Answer alone(const Reader& reader) const {
    const auto format =
        reader.format ? compile(*reader.format, CompiledFormat::kDefaultMaxBytes) : nullptr;
    return answer_alone(reader.request, tokenizer_, format.get());
  }

  void arrive() {
    auto reader = std::make_unique<Reader>();
    GenerationRequest& request = reader->request;
    request.prompt_tokens = random_prompt();
    if (options_.prefix_cache && !readers_.empty() && random_() % 4 == 0) slide(request);
    const auto room =
        static_cast<uint32_t>(kMaxTokens) - static_cast<uint32_t>(request.prompt_tokens.size());
    request.sampling.max_new_tokens = 1 + random_() % std::min(room, 40u);
    request.sampling.temperature = random_() % 4 == 0 ? 0.0 : 1.0;
    request.sampling.seed = random_() % 3;
    if (!request.window) request.cache_salt = std::string(random_() % 4 == 0 ? 1 : 0, 's');
    request.speculation = random_() % 4 != 0;
    if (random_() % 4 == 0) {
      request.sampling.explain_tokens = 2;
      request.sampling.top_k = 3;
    }
    if (random_() % 4 == 0) reader->format = random_() % formats().size();
    if (!reader->format && random_() % 3 == 0) {
      request.thought = kThought;
      request.thought->is_open = random_() % 2 == 0;
      request.sampling.thinking_token_budget = static_cast<int64_t>(random_() % 12) - 1;
    }
    if (random_() % 4 == 0) request.prediction = random_prediction(*reader);
    request.priority = random_() % 3 == 0 ? static_cast<int>(random_() % 3) - 1 : 0;
    request.client = std::string(1, static_cast<char>('a' + random_() % 3));
    reader->is_stubborn = has_slow_readers_ && random_() % 4 == 0;
    reader->stream = std::make_shared<BoundedGenerationStream>(
        readers_.size(), request.sampling.max_new_tokens,
        has_slow_readers_ ? 1 + random_() % 6 : kMaxUnreadEvents);
    auto text = CompletionText::create(tokenizer_, true, {});
    auto sequence = std::make_unique<Sequence>(
        request, *request.sampling.seed, tokenizer_.eos_tokens(), *std::move(text), reader->stream);
    if (reader->format) sequence->set_format(formats_[*reader->format]);
    sequence->set_outline(*CompletionOutline::create(tokenizer_, request));
    scheduler_->add(std::move(sequence));
    lanes_[{request.priority, request.client}].push_back(reader.get());
    readers_.push_back(std::move(reader));
  }

  void run_step() {
    scheduler_->look_at_readers(TimePoint());
    scheduler_->check_integrity();
    if (scheduler_->has_work()) {
      const int32_t max_prompt_tokens =
          1 + static_cast<int32_t>(random_() % static_cast<uint32_t>(options_.max_step_tokens));
      const bool may_guess = random_() % 3 != 0;
      const StepPlan& plan = scheduler_->plan(
          {.max_prompt_tokens = max_prompt_tokens, .draft_costs = may_guess ? &costs_ : nullptr});
      scheduler_->check_integrity();
      check_plan(plan, max_prompt_tokens);
      poison_what_is_empty(plan);
      check_moved_rows(plan);
      const StepResult& result = runner_->run(plan);
      own_moved_rows(plan);
      for (size_t i = 0; i < plan.sequences.size(); ++i) {
        const int64_t num_right = std::max(0, result.outcomes[i].num_sampled - 1);
        experience_.accepted_draft_tokens += num_right;
        if (plan.sequences[i].sequence->format()) experience_.accepted_in_format += num_right;
      }
      scheduler_->commit(plan, result);
    }
    scheduler_->check_integrity();
    scheduler_->publish();
  }

  // Whoever stands still now and then still gets its answer, and those that read get theirs while
  // the stubborn hold what they have.
  void read_all(bool are_all_here) {
    bool are_others_done = are_all_here;
    for (const auto& reader : readers_) {
      if (has_slow_readers_ && random_() % 8 == 0) reader->is_reading = !reader->is_reading;
      if (!reader->is_stubborn && reader->is_reading) reader->read();
      are_others_done = are_others_done && (reader->is_stubborn || reader->num_ends > 0);
    }
    if (!are_others_done) return;
    for (const auto& reader : readers_) reader->read();
  }

  void check_plan(const StepPlan& plan, int32_t max_prompt_tokens) {
    EXPECT_FALSE(plan.is_empty());  // so somebody gets on
    EXPECT_LE(plan.num_tokens, options_.max_step_tokens);
    int32_t num_prompt_tokens = 0;
    std::vector<Reader*> beginners;
    for (const PlannedSequence& planned : plan.sequences) {
      EXPECT_GE(planned.num_new_tokens, 1);
      if (planned.sequence->num_uncomputed_tokens() > 1)
        num_prompt_tokens += planned.num_new_tokens;
      EXPECT_EQ(static_cast<size_t>(planned.num_draft_tokens), planned.sequence->draft().size());
      experience_.draft_tokens += planned.num_draft_tokens;
      Reader& reader = *readers_.at(planned.sequence->id());
      if (!std::exchange(reader.has_begun, true)) beginners.push_back(&reader);
    }
    EXPECT_LE(num_prompt_tokens, max_prompt_tokens);
    for (const Reader* beginner : beginners) check_turn(*beginner);
    const BlockManager& blocks = scheduler_->blocks();
    experience_.num_full_caches += blocks.num_free() == 0 && blocks.num_cached() > 0 ? 1 : 0;
  }

  // Nobody that came earlier in its lane, or stands in a better one, still waits to begin.
  void check_turn(const Reader& beginner) {
    const Lane its_lane = {beginner.request.priority, beginner.request.client};
    for (const auto& [lane, readers] : lanes_) {
      for (const Reader* reader : readers) {
        if (lane == its_lane && reader == &beginner) break;
        const bool goes_first = lane == its_lane || lane.first < its_lane.first;
        const bool is_waiting = !reader->has_begun && !reader->stream->is_cancelled();
        EXPECT_FALSE(goes_first && is_waiting)
            << "request " << beginner.stream->id() << " before " << reader->stream->id();
      }
    }
  }

  // Free blocks, and of the planned sequences' own all that is not computed yet.
  void poison_what_is_empty(const StepPlan& plan) {
    const BlockManager& blocks = scheduler_->blocks();
    for (BlockId block = 0; block < blocks.num_blocks(); ++block) {
      if (blocks.is_free(block)) executor_->poison(block);
    }
    for (const PlannedSequence& planned : plan.sequences) {
      const auto table = planned.sequence->block_table().blocks();
      const auto num_computed = static_cast<int32_t>(planned.sequence->num_computed_tokens());
      int32_t offset = num_computed % kBlockSize;
      for (size_t i = static_cast<size_t>(num_computed / kBlockSize); i < table.size(); ++i) {
        executor_->poison(table[i], std::exchange(offset, 0));
      }
    }
  }

  // A sequence finds nothing of what was moved in another conversation.
  void check_moved_rows(const StepPlan& plan) {
    for (const PlannedSequence& planned : plan.sequences) {
      const auto& window = readers_.at(planned.sequence->id())->request.window;
      const PlannedSlide* slide = moved_rows_->slide_of(*planned.sequence, plan);
      if (slide != nullptr && !window->is_earlier_whole) ++experience_.num_slides_of_slid;
      moved_rows_->check(*planned.sequence, slide, window ? window->conversation : "");
    }
  }

  void own_moved_rows(const StepPlan& plan) {
    for (const PlannedSequence& planned : plan.sequences) {
      const auto& window = readers_.at(planned.sequence->id())->request.window;
      moved_rows_->own(planned, window ? window->conversation : "");
    }
  }

  void check_answer(const Reader& reader) {
    SCOPED_TRACE(testing::Message() << "request " << reader.stream->id());
    ASSERT_EQ(reader.num_ends, 1);
    const Answer alone = this->alone(reader);
    const GenerationEvent& last = reader.last;
    const bool is_faulty = last.finish_reason == FinishReason::kError;
    EXPECT_EQ(last.status.message(), is_faulty ? "fault" : "");
    if (is_faulty || last.finish_reason == FinishReason::kCancelled) {
      ++(is_faulty ? experience_.num_faults : experience_.num_cancelled);
      EXPECT_EQ(common_prefix(reader.tokens, alone.tokens), reader.tokens.size());
    } else {
      EXPECT_EQ(reader.tokens, alone.tokens);
      EXPECT_EQ(last.finish_reason, alone.reason);
      if (reader.format && alone.reason == FinishReason::kEndOfSequence) check_format(reader);
    }
    EXPECT_TRUE(
        std::ranges::equal(reader.explanations,
                           std::span(alone.explanations)
                               .first(std::min(alone.explanations.size(), reader.tokens.size()))));
    EXPECT_EQ(last.usage.completion_tokens, static_cast<int64_t>(reader.tokens.size()));
    for (size_t i = 0; i < reader.tokens.size(); ++i) {
      const Tokens before(reader.tokens.begin(), reader.tokens.begin() + static_cast<ptrdiff_t>(i));
      if (const auto closing = closing_token(reader.request, before)) {
        EXPECT_EQ(reader.tokens[i], *closing);
        experience_.num_closed_thoughts += *closing == kThought.end.back() ? 1 : 0;
      }
    }
    check_cached_tokens(reader, static_cast<size_t>(last.usage.cached_tokens));
  }

  void check_format(const Reader& reader) {
    const auto format = compile(*reader.format, CompiledFormat::kDefaultMaxBytes);
    FormatCursor cursor;
    format->follow(cursor, std::span(reader.tokens).first(reader.tokens.size() - 1));
    EXPECT_TRUE(format->is_complete(cursor));
    ++experience_.num_formatted;
  }

  // Somebody of the same salt has computed what was found.
  void check_cached_tokens(const Reader& reader, size_t num_cached) {
    size_t longest = 0;
    experience_.rotated_tokens += reader.last.usage.rotated_tokens;
    EXPECT_LE(reader.last.usage.rotated_tokens, reader.last.usage.cached_tokens);
    EXPECT_LT(num_cached, reader.request.prompt_tokens.size());
    if (reader.request.window) return;
    for (const auto& other : readers_) {
      if (other.get() == &reader || other->request.cache_salt != reader.request.cache_salt ||
          other->request.window)
        continue;
      longest =
          std::max(longest, common_prefix(other->conversation(), reader.request.prompt_tokens));
    }
    EXPECT_LE(num_cached, options_.prefix_cache ? longest : 0);
    EXPECT_EQ(num_cached % kBlockSize, 0u);
  }

  std::mt19937 random_;
  SchedulerOptions options_;
  bool has_faults_ = false;
  bool has_slow_readers_ = false;
  ToyTokenizer tokenizer_;
  std::optional<ChainExecutor> executor_;
  std::optional<Scheduler> scheduler_;
  std::optional<ModelRunner> runner_;
  StepCosts costs_{64};
  std::array<Tokens, 3> beginnings_;
  std::vector<std::shared_ptr<CompiledFormat>> formats_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::map<Lane, std::vector<const Reader*>> lanes_;
  std::optional<MovedRows> moved_rows_;
  Experience experience_;
};

// A CHECK ends the process, so the seed is said on the way out.
volatile std::sig_atomic_t current_seed = 0;
void say_seed(int) {
  std::fprintf(stderr, "simulation: YOUTU_SIMULATION_SEED=%ld fails\n",
               static_cast<long>(current_seed));
}

Experience live_through(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "YOUTU_SIMULATION_SEED=" << seed);
  current_seed = static_cast<std::sig_atomic_t>(seed);
  return World(seed).live();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define YOUTU_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define YOUTU_HAS_SANITIZER 1
#endif
#endif

int64_t num_seeds() {
  if (const char* wanted = std::getenv("YOUTU_SIMULATION_SEEDS")) return std::atoll(wanted);
#ifdef YOUTU_HAS_SANITIZER
  return 500;
#else
  return 10'000;
#endif
}

TEST(EngineSimulation, EveryAnswerIsTheOneThatItsRequestGetsAlone) {
  const auto previous = std::signal(SIGABRT, say_seed);
  Experience all;
  if (const char* seed = std::getenv("YOUTU_SIMULATION_SEED")) {
    live_through(static_cast<uint64_t>(std::atoll(seed)));
  } else {
    const int64_t count = num_seeds();
    for (int64_t i = 1; i <= count && !HasFailure(); ++i) {
      const Experience one = live_through(static_cast<uint64_t>(i));
      all.hit_tokens += one.hit_tokens;
      all.preemptions += one.preemptions;
      all.num_cancelled += one.num_cancelled;
      all.num_faults += one.num_faults;
      all.num_pauses += one.num_pauses;
      all.num_full_caches += one.num_full_caches;
      all.draft_tokens += one.draft_tokens;
      all.accepted_draft_tokens += one.accepted_draft_tokens;
      all.num_formatted += one.num_formatted;
      all.accepted_in_format += one.accepted_in_format;
      all.num_closed_thoughts += one.num_closed_thoughts;
      all.rotated_tokens += one.rotated_tokens;
      all.num_slides_of_slid += one.num_slides_of_slid;
    }
    if (count >= 100) {  // a world in which nothing happens proves nothing
      EXPECT_GT(all.hit_tokens, count);
      EXPECT_GT(all.preemptions, count / 10);
      EXPECT_GT(all.num_cancelled, count / 10);
      EXPECT_GT(all.num_faults, count / 20);
      EXPECT_GT(all.num_pauses, count);
      EXPECT_GT(all.num_full_caches, count);
      EXPECT_GT(all.accepted_draft_tokens, count);
      EXPECT_GT(all.num_formatted, count / 2);
      EXPECT_GT(all.accepted_in_format, count / 10);
      EXPECT_GT(all.num_closed_thoughts, count / 2);
      EXPECT_GT(all.draft_tokens, all.accepted_draft_tokens);
      EXPECT_GT(all.rotated_tokens, count);
      EXPECT_GT(all.num_slides_of_slid, count / 100);
    }
  }
  std::signal(SIGABRT, previous);
}

}  // namespace
}  // namespace youtu
