#include "engine/scheduler.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {

Scheduler::Scheduler(const SchedulerLimits& limits)
    : limits_(limits), blocks_(limits.num_blocks, limits.block_size) {
  CHECK(limits.max_batch_size >= 1);
  CHECK(limits.max_step_tokens >= limits.max_batch_size);
  const size_t batch = static_cast<size_t>(limits.max_batch_size);
  running_.reserve(batch);
  finished_.reserve(batch);
  plan_.sequences.reserve(batch);
}

Scheduler::~Scheduler() {
  finish_all(FinishReason::kCancelled);
  publish();
}

void Scheduler::add(std::unique_ptr<Sequence> sequence) {
  CHECK(blocks_.num_blocks_for(sequence->max_tokens()) <= blocks_.num_blocks());
  waiting_.push_back(std::move(sequence));
}

void Scheduler::drop_cancelled() {
  for (auto& sequence : running_) {
    if (sequence->is_cancelled()) sequence->finish(FinishReason::kCancelled);
  }
  for (auto& sequence : waiting_) {
    if (sequence->is_cancelled()) sequence->finish(FinishReason::kCancelled);
  }
  retire_finished();
}

void Scheduler::finish_all(FinishReason reason, const Status& status) {
  for (auto& sequence : running_) {
    if (!sequence->is_finished()) sequence->finish(reason, status);
  }
  for (auto& sequence : waiting_) sequence->finish(reason, status);
  retire_finished();
}

const StepPlan& Scheduler::plan() {
  plan_.sequences.clear();
  plan_.num_tokens = 0;
  has_preempted_ = false;
  make_room_for_running();
  plan_running();
  // Whoever was preempted stands first in the queue and would only take back the blocks that it
  // just gave.
  if (!has_preempted_) admit_waiting();
  CHECK(plan_.is_empty() == !has_work());
  return plan_;
}

// Admission gave each sequence the blocks for all its tokens of then; here each gets those for the
// token it has gained since. Oldest first, so that the youngest pays.
void Scheduler::make_room_for_running() {
  for (size_t i = 0; i < running_.size(); ++i) {
    Sequence* sequence = running_[i].get();
    while (!blocks_.extend(sequence->block_table(), sequence->num_tokens())) {
      const bool is_itself = i + 1 == running_.size();
      preempt_youngest();
      if (is_itself) break;
    }
  }
}

void Scheduler::preempt_youngest() {
  // A sequence alone always fits, so the last one running is never the one to go.
  CHECK(running_.size() >= 2);
  std::unique_ptr<Sequence> youngest = std::move(running_.back());
  running_.pop_back();
  blocks_.release(youngest->block_table());
  youngest->rewind();
  youngest->timeline().add_preemption();
  waiting_.push_front(std::move(youngest));
  has_preempted_ = true;
  ++counters_.preemptions;
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
  while (!waiting_.empty() && num_running() < limits_.max_batch_size &&
         plan_.num_tokens < limits_.max_step_tokens) {
    Sequence& next = *waiting_.front();
    auto table = blocks_.admit(next.num_tokens(), next.max_tokens());
    if (!table) return;
    next.block_table() = std::move(*table);
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    plan_sequence(next);
  }
}

void Scheduler::plan_sequence(Sequence& sequence) {
  const int64_t num_uncomputed = sequence.num_uncomputed_tokens();
  const int64_t room = limits_.max_step_tokens - plan_.num_tokens;
  const int32_t num_new = static_cast<int32_t>(std::min(num_uncomputed, room));
  if (num_new == 0) return;
  plan_.sequences.push_back(
      {.sequence = &sequence, .num_new_tokens = num_new, .wants_token = num_new == num_uncomputed});
  plan_.num_tokens += num_new;
}

void Scheduler::commit(const StepPlan& plan, const StepResult& result) {
  CHECK(plan.sequences.size() == result.outcomes.size());
  for (size_t i = 0; i < plan.sequences.size(); ++i) {
    const PlannedSequence& planned = plan.sequences[i];
    const StepOutcome& outcome = result.outcomes[i];
    Sequence& sequence = *planned.sequence;
    if (!outcome.status.is_ok()) {
      sequence.finish(FinishReason::kError, outcome.status);
      continue;
    }
    const int64_t num_unread =
        std::max<int64_t>(0, sequence.num_prompt_tokens() - sequence.num_computed_tokens());
    counters_.prompt_tokens += std::min<int64_t>(num_unread, planned.num_new_tokens);
    sequence.advance(planned.num_new_tokens);
    if (!planned.wants_token) continue;
    sequence.append(outcome.token);
    ++counters_.completion_tokens;
  }
  retire_finished();
}

void Scheduler::retire_finished() {
  const auto retire_from = [this](auto& sequences) {
    for (auto& sequence : sequences) {
      if (!sequence->is_finished()) continue;
      blocks_.release(sequence->block_table());
      finished_.push_back(std::move(sequence));
      ++counters_.requests_finished;
    }
    std::erase(sequences, nullptr);
  };
  retire_from(running_);
  retire_from(waiting_);
}

bool Scheduler::publish() {
  bool has_events = !finished_.empty();
  for (auto& sequence : running_) has_events |= sequence->publish();
  for (auto& sequence : finished_) sequence->publish();
  finished_.clear();
  return has_events;
}

void Scheduler::check_integrity() const {
  CHECK(num_running() <= limits_.max_batch_size);
  std::vector<const BlockTable*> tables;
  for (const auto& sequence : running_) {
    CHECK(!sequence->is_finished());
    CHECK(sequence->num_uncomputed_tokens() >= 1);
    const int64_t num_held = static_cast<int64_t>(sequence->block_table().blocks().size());
    CHECK(num_held >= blocks_.num_blocks_for(sequence->num_computed_tokens()));
    tables.push_back(&sequence->block_table());
  }
  for (const auto& sequence : waiting_) {
    CHECK(!sequence->is_finished());
    CHECK(sequence->num_computed_tokens() == 0);
    CHECK(sequence->block_table().is_empty());
  }
  for (const auto& sequence : finished_) CHECK(sequence->block_table().is_empty());
  blocks_.check_integrity(tables);
}

}  // namespace youtu
