#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace youtu {

namespace {

// As in the paper of ClientAccounts: a token of a completion is the dearer one.
constexpr int64_t kPromptTokenCost = 1;
constexpr int64_t kCompletionTokenCost = 2;

SaltedTokens computed_tokens(const Sequence& sequence) {
  const auto num_computed = static_cast<size_t>(sequence.num_computed_tokens());
  return {sequence.prefix_salt(), sequence.tokens().first(num_computed)};
}

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options)
    : options_(options),
      blocks_({.num_blocks = options.num_blocks,
               .block_size = options.block_size,
               .prefix_cache = options.prefix_cache,
               .hash_key = options.prefix_hash_key,
               .observer = options.prefix_observer}) {
  CHECK(options.max_batch_size >= 1);
  CHECK(options.max_step_tokens >= options.max_batch_size);
  const size_t batch = static_cast<size_t>(options.max_batch_size);
  running_.reserve(batch);
  finished_.reserve(batch);
  plan_.sequences.reserve(batch);
  plan_.slides.reserve(batch);
  sources_.reserve(batch);
  offers_.reserve(batch);
}

Scheduler::~Scheduler() {
  finish_all(FinishReason::kCancelled);
  publish();
}

void Scheduler::add(std::unique_ptr<Sequence> sequence) {
  CHECK(blocks_.num_blocks_for(sequence->max_tokens()) <= blocks_.num_blocks());
  sequence->set_ticket(num_tickets_++);
  accounts_.enter(sequence->client());
  waiting_.push(std::move(sequence));
}

void Scheduler::look_at_readers(TimePoint now) {
  const auto drop = [now](Sequence& sequence) {
    if (sequence.is_cancelled()) {
      sequence.finish(FinishReason::kCancelled);
    } else if (sequence.is_expired(now)) {
      sequence.finish(FinishReason::kError,
                      Status::resource_exhausted("the answer was not complete in time (timeout_ms)",
                                                 "timeout"));
    }
  };
  for (auto& sequence : running_) drop(*sequence);
  paused_.for_each(drop);
  waiting_.for_each(drop);
  retire_finished();
  pause_and_resume();
}

void Scheduler::finish_all(FinishReason reason, const Status& status) {
  give_back_sources();
  for (auto& sequence : running_) {
    if (!sequence->is_finished()) sequence->finish(reason, status);
  }
  const auto finish = [&](Sequence& sequence) { sequence.finish(reason, status); };
  paused_.for_each(finish);
  waiting_.for_each(finish);
  retire_finished();
}

const StepPlan& Scheduler::plan(const StepAllowance& allowance) {
  CHECK(allowance.max_prompt_tokens >= 1);
  prompt_room_ = allowance.max_prompt_tokens;
  plan_.sequences.clear();
  plan_.slides.clear();
  plan_.num_tokens = 0;
  has_preempted_ = false;
  make_room_for_running();
  plan_running();
  // Whoever was preempted stands first in the queue and would only take back the blocks that it
  // just gave.
  if (!has_preempted_) admit_waiting();
  if (allowance.draft_costs != nullptr) plan_drafts(*allowance.draft_costs);
  CHECK(plan_.is_empty() == !has_work());
  return plan_;
}

// Whoever has fallen behind makes place at once; whoever has caught up takes one before those that
// wait, because it came before them. If it had to give its blocks away it starts over like one that
// was preempted.
void Scheduler::pause_and_resume() {
  for (auto& sequence : running_) {
    if (!sequence->is_reader_behind()) continue;
    paused_.push(std::move(sequence));
    ++counters_.pauses;
  }
  std::erase(running_, nullptr);
  const auto may_go = [this](const Sequence& sequence) {
    return sequence.block_table().is_empty() || num_running() < options_.max_batch_size;
  };
  while (auto ready = paused_.take_ready(may_go)) {
    if (ready->block_table().is_empty()) {
      waiting_.push(std::move(ready));
    } else {
      add_to_running(std::move(ready));
    }
  }
}

// Admission gave each sequence the blocks for all its tokens of then; here each gets those for the
// token it has gained since. In their order, so that the last pays.
void Scheduler::make_room_for_running() {
  for (size_t i = 0; i < running_.size(); ++i) {
    Sequence* sequence = running_[i].get();
    while (!blocks_.extend(sequence->block_table(), sequence->num_tokens())) {
      if (take_blocks_of_paused()) continue;
      const bool is_itself = i + 1 == running_.size();
      preempt_last();
      if (is_itself) break;
    }
  }
}

// False if none has any.
bool Scheduler::take_blocks_of_paused() {
  Sequence* last = paused_.last_with_blocks();
  if (last == nullptr) return false;
  give_back_blocks(*last);
  return true;
}

void Scheduler::give_back_blocks(Sequence& sequence) {
  blocks_.release(sequence.block_table());
  sequence.rewind();
  sequence.timeline().add_preemption();
  ++counters_.preemptions;
}

void Scheduler::preempt_last() {
  // A sequence alone always fits, so the last one running is never the one to go.
  CHECK(running_.size() >= 2);
  std::unique_ptr<Sequence> last = std::move(running_.back());
  running_.pop_back();
  give_back_blocks(*last);
  waiting_.push(std::move(last));
  has_preempted_ = true;
}

// Sequences with a single token to compute come first: they are the streams that people watch, and
// they cost next to nothing. What is left of the step goes to prompts.
void Scheduler::plan_running() {
  for (auto& sequence : running_) {
    if (sequence->num_uncomputed_tokens() == 1) plan_sequence(*sequence);
  }
  for (auto& sequence : running_) {
    if (sequence->num_uncomputed_tokens() > 1) plan_sequence(*sequence);
  }
}

void Scheduler::admit_waiting() {
  while (num_running() < options_.max_batch_size && plan_.num_tokens < options_.max_step_tokens &&
         prompt_room_ > 0) {
    const Sequence* next = waiting_.next(accounts_);
    if (next == nullptr) return;
    auto slid = admit(*next);
    while (!slid && take_blocks_of_paused()) slid = admit(*next);
    if (!slid) return;
    plan_sequence(begin(waiting_.take_next(accounts_), *std::move(slid)));
  }
}

std::optional<SlidTable> Scheduler::admit(const Sequence& sequence) {
  const SaltedTokens tokens = {sequence.prefix_salt(), sequence.tokens()};
  if (const auto earlier = sequence.earlier_prompt()) {
    return blocks_.admit_slid(tokens, *earlier, sequence.max_tokens());
  }
  auto table = blocks_.admit(tokens, sequence.max_tokens());
  if (!table) return std::nullopt;
  const auto num_published = static_cast<int64_t>(table->published_blocks().size());
  return SlidTable{*std::move(table), BlockTable(), num_published * blocks_.block_size()};
}

// What is moved in this step is read from the earlier prompt's blocks, so they are held that long.
void Scheduler::plan_slide(const Sequence& sequence, BlockTable source) {
  const BlockTable& table = sequence.block_table();
  const auto num_published = static_cast<int64_t>(table.published_blocks().size());
  plan_.slides.push_back({.source = source.blocks(),
                          .table = table.blocks(),
                          .earlier = *sequence.earlier_prompt(),
                          .begin = num_published * blocks_.block_size(),
                          .end = sequence.num_computed_tokens()});
  sources_.push_back(std::move(source));  // its array stays where it is
}

void Scheduler::give_back_sources() {
  for (BlockTable& source : sources_) blocks_.release(source);
  sources_.clear();
}

Sequence& Scheduler::begin(std::unique_ptr<Sequence> sequence, SlidTable slid) {
  const bool is_first_time = !sequence->has_begun();
  const auto num_published = static_cast<int64_t>(slid.table.published_blocks().size());
  const auto earlier = sequence->earlier_prompt();
  const int64_t first_moved =
      std::max(num_published * blocks_.block_size(), earlier ? earlier->num_pinned : 0);
  const bool is_slid = !slid.source.is_empty();
  sequence->begin(slid.num_known, is_slid ? std::max<int64_t>(0, slid.num_known - first_moved) : 0);
  sequence->block_table() = std::move(slid.table);
  if (is_slid) plan_slide(*sequence, std::move(slid.source));
  if (is_first_time) {
    const int64_t num_prompt = sequence->num_prompt_tokens();
    counters_.dequeued_tokens += num_prompt;
    counters_.prefix_queried_tokens += options_.prefix_cache ? num_prompt : 0;
    counters_.prefix_hit_tokens += sequence->num_cached_tokens();
    // What was found costs nothing.
    accounts_.charge(sequence->client(),
                     kPromptTokenCost * (num_prompt - sequence->num_cached_tokens()));
  }
  return add_to_running(std::move(sequence));
}

Sequence& Scheduler::add_to_running(std::unique_ptr<Sequence> sequence) {
  const auto place = std::ranges::upper_bound(running_, sequence, goes_before);
  return **running_.insert(place, std::move(sequence));
}

void Scheduler::plan_sequence(Sequence& sequence) {
  const int64_t num_uncomputed = sequence.num_uncomputed_tokens();
  int32_t room = options_.max_step_tokens - plan_.num_tokens;
  if (num_uncomputed > 1) room = std::min(room, prompt_room_);
  const int32_t num_new = static_cast<int32_t>(std::min<int64_t>(num_uncomputed, room));
  if (num_new == 0) return;
  plan_.sequences.push_back(
      {.sequence = &sequence, .num_new_tokens = num_new, .wants_token = num_new == num_uncomputed});
  plan_.num_tokens += num_new;
  if (num_uncomputed > 1) prompt_room_ -= num_new;
}

// Guesses for the streams, as many as pay and as there is room for. Nobody gives up blocks for
// them.
void Scheduler::plan_drafts(const StepCosts& costs) {
  const int32_t room = std::min(options_.max_step_tokens - plan_.num_tokens, kMaxStepDraftTokens);
  if (room <= 0) return;
  offers_.clear();
  for (const PlannedSequence& planned : plan_.sequences) {
    Sequence& sequence = *planned.sequence;
    const bool is_stream = planned.wants_token && planned.num_new_tokens == 1;
    offers_.push_back({.acceptance = sequence.draft_acceptance(),
                       .context = sequence.num_tokens(),
                       .num_guesses = is_stream ? sequence.make_draft(kMaxDraftTokens) : 0});
  }
  choose_drafts(costs, size_of(plan_), room, offers_);
  for (size_t i = 0; i < offers_.size(); ++i) {
    PlannedSequence& planned = plan_.sequences[i];
    Sequence& sequence = *planned.sequence;
    const int32_t chosen = offers_[i].num_chosen;
    const bool has_room =
        chosen > 0 && blocks_.extend(sequence.block_table(), sequence.num_tokens() + chosen);
    planned.num_draft_tokens = has_room ? chosen : 0;
    sequence.cut_draft(planned.num_draft_tokens);
    plan_.num_tokens += planned.num_draft_tokens;
  }
}

StepSize Scheduler::streams() const {
  StepSize size;
  for (const auto& sequence : running_) {
    if (sequence->num_uncomputed_tokens() != 1) continue;
    ++size.rows;
    size.pairs += sequence->num_tokens();
  }
  return size;
}

int64_t Scheduler::num_unread_tokens() const {
  int64_t count = 0;
  const auto add = [&count](const Sequence& sequence) {
    const int64_t known = sequence.has_begun() ? 0 : sequence.expected_cached_tokens();
    count += std::max<int64_t>(
        0, sequence.num_prompt_tokens() - std::max(known, sequence.num_computed_tokens()));
  };
  for (const auto& sequence : running_) add(*sequence);
  waiting_.for_each(add);
  return count;
}

int64_t Scheduler::prompt_context() const {
  for (const auto& sequence : running_) {
    if (sequence->num_uncomputed_tokens() > 1) return sequence->num_computed_tokens();
  }
  return 0;
}

void Scheduler::commit(const StepPlan& plan, const StepResult& result) {
  CHECK(plan.sequences.size() == result.outcomes.size());
  give_back_sources();
  for (size_t i = 0; i < plan.sequences.size(); ++i) {
    const PlannedSequence& planned = plan.sequences[i];
    const StepOutcome& outcome = result.outcomes[i];
    Sequence& sequence = *planned.sequence;
    if (!outcome.status.is_ok()) {
      sequence.finish(FinishReason::kError, outcome.status);
      continue;
    }
    accept(planned, outcome, result);
  }
  retire_finished();
}

void Scheduler::accept(const PlannedSequence& planned, const StepOutcome& outcome,
                       const StepResult& result) {
  Sequence& sequence = *planned.sequence;
  const int64_t num_unread =
      std::max<int64_t>(0, sequence.num_prompt_tokens() - sequence.num_computed_tokens());
  counters_.prompt_tokens += std::min<int64_t>(num_unread, planned.num_new_tokens);
  sequence.end_draft(std::max(0, outcome.num_sampled - 1));
  sequence.advance(planned.num_new_tokens);
  for (int32_t i = 0; i < outcome.num_sampled && !sequence.is_finished(); ++i) {
    // The token before was guessed, so it is computed already.
    if (i > 0) sequence.advance(1);
    const auto at = [i](const auto& reports, int32_t first) {
      return first < 0 ? nullptr : &reports[static_cast<size_t>(first + i)];
    };
    sequence.append(outcome.sampled[static_cast<size_t>(i)],
                    at(result.logprobs, outcome.first_logprobs),
                    at(result.explanations, outcome.first_explanation));
    ++counters_.completion_tokens;
    accounts_.charge(sequence.client(), kCompletionTokenCost);
  }
  blocks_.publish(sequence.block_table(), computed_tokens(sequence));
}

void Scheduler::retire_finished() {
  const auto num_published_next_time = static_cast<ptrdiff_t>(finished_.size());
  for (auto& sequence : running_) {
    if (sequence->is_finished()) finished_.push_back(std::move(sequence));
  }
  std::erase(running_, nullptr);
  paused_.take_finished(finished_);
  waiting_.take_finished(finished_);
  for (auto retired = finished_.begin() + num_published_next_time; retired != finished_.end();
       ++retired) {
    blocks_.release((*retired)->block_table());
    accounts_.leave((*retired)->client());
    if (!(*retired)->has_begun()) counters_.dequeued_tokens += (*retired)->num_prompt_tokens();
    ++counters_.requests_finished;
  }
}

bool Scheduler::publish() {
  bool has_events = !finished_.empty();
  for (auto& sequence : running_) has_events |= sequence->publish();
  for (auto& sequence : finished_) sequence->publish();
  finished_.clear();
  return has_events;
}

void Scheduler::check_integrity() const {
  CHECK(num_running() <= options_.max_batch_size);
  CHECK(accounts_.num_requests() == num_running() + num_paused() + num_waiting());
  CHECK(std::ranges::is_sorted(running_, goes_before));
  std::vector<const BlockTable*> tables;
  for (const auto& sequence : running_) {
    CHECK(!sequence->is_finished() && sequence->has_begun());
    CHECK(sequence->num_uncomputed_tokens() >= 1);
    const BlockTable& table = sequence->block_table();
    CHECK(static_cast<int64_t>(table.blocks().size()) >=
          blocks_.num_blocks_for(sequence->num_computed_tokens()));
    // What is shared is not written any more.
    CHECK(static_cast<int64_t>(table.published_blocks().size()) * blocks_.block_size() <=
          sequence->num_computed_tokens());
    tables.push_back(&table);
    waiting_.for_each([&](const Sequence& other) {  // who came first began first
      if (other.has_begun()) return;
      const bool is_same_lane =
          other.priority() == sequence->priority() && other.client() == sequence->client();
      CHECK(!is_same_lane || other.ticket() > sequence->ticket());
    });
  }
  paused_.check_integrity();
  paused_.for_each([&](const Sequence& sequence) { tables.push_back(&sequence.block_table()); });
  waiting_.check_integrity();
  for (const auto& sequence : finished_) CHECK(sequence->block_table().is_empty());
  for (const BlockTable& source : sources_) tables.push_back(&source);
  blocks_.check_integrity(tables);
}

}  // namespace youtu
