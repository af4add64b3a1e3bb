// Decides what each step computes. There is no prefill and no decode here: a sequence is planned as
// many of its uncomputed tokens as the step has room for, so a long prompt is read in chunks while
// others go on.
//
// Whose turn it is to begin says the waiting queue: priority, then equal shares between clients,
// then the order of arrival. A sequence begins with what the prefix cache holds of its tokens
// already computed.
//
// Blocks are taken as a sequence grows, not for its longest possible life, so many conversations
// fit that could not all run to their limit. When there are none left, not even cached ones that
// nobody holds, the running sequence of the highest priority number, and of those the youngest,
// gives its blocks back and starts over later; since a draw depends on (seed, position) only, its
// text does not change.
//
// A sequence whose reader has fallen behind pauses: it leaves the batch to others and keeps its
// blocks, of which it is the first to be asked. When the reader has caught up it goes on.
//
// Nothing of the best priority that is here, and is read, can wait for ever. The first of the
// running sequences is never preempted, and any sequence alone fits the cache, so there is always
// one that comes to its end. Every end charges some client, so the turn comes to each; and
// whoever's turn it is waits for blocks at the head, nobody passes it. A higher priority number may
// wait as long as lower ones keep coming: that is what it asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cache/block_manager.h"
#include "engine/client_accounts.h"
#include "engine/paused_sequences.h"
#include "engine/sequence.h"
#include "engine/step.h"
#include "engine/step_policy.h"
#include "engine/waiting_queue.h"

namespace youtu {

struct SchedulerOptions {
  int32_t max_batch_size = 0;  // most sequences in a step
  int32_t max_step_tokens =
      0;  // most tokens in a step; at least max_batch_size, so that no sequence starves
  int32_t num_blocks = 0;
  int32_t block_size = 0;
  bool prefix_cache = true;
  uint64_t prefix_hash_key = 0;
  PrefixObserver* prefix_observer = nullptr;  // outlives the scheduler
};

struct SchedulerCounters {
  int64_t prompt_tokens = 0;          // computed; those of a preempted sequence count again
  int64_t completion_tokens = 0;      // sampled
  int64_t prefix_queried_tokens = 0;  // prompt tokens of sequences that began; the first time only
  int64_t prefix_hit_tokens = 0;      // of these, found in the prefix cache
  int64_t requests_finished = 0;      // for whatever reason
  int64_t preemptions = 0;            // blocks of a sequence were taken from it
  int64_t pauses = 0;                 // a sequence began to wait for its reader
  int64_t dequeued_tokens = 0;        // of prompts that began, or ended before they did
};

// Engine thread only. Owns its sequences, each in one list at a time.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options);
  ~Scheduler();

  // REQUIRES: the cache has room for sequence->max_tokens().
  void add(std::unique_ptr<Sequence> sequence);
  // Whether there is something to compute. Of those that are paused look_at_readers() says.
  bool has_work() const { return !running_.empty() || !waiting_.is_empty(); }

  // Finishes the sequences whose readers have gone, and those whose time is over; pauses those
  // whose readers have fallen behind, and lets those go on that are read again.
  void look_at_readers(TimePoint now);
  // Finishes all that run and wait, for shutdown or after a failure that belongs to no single one.
  void finish_all(FinishReason reason, const Status& status = {});

  // Moves sequences between waiting and running and assigns blocks. Sequences that miss
  // one token only, the streams, are planned first; the allowance bounds what the step computes of
  // all others. Not empty while there is work. The plan is valid until commit().
  const StepPlan& plan(const StepAllowance& allowance);
  // The only place where sequences gain tokens.
  void commit(const StepPlan& plan, const StepResult& result);

  // Sequences that have finished since the last publish(). Their blocks are already back.
  std::span<const std::unique_ptr<Sequence>> unpublished() const { return finished_; }
  // Gives the staged events to their readers and forgets the finished sequences. True if there were
  // events.
  bool publish();

  // The streams, as a step of their own.
  StepSize streams() const;
  // Of all prompts, what is not computed yet; of those that have not begun without what they expect
  // to find cached.
  int64_t num_unread_tokens() const;
  // What is computed of the prompt that is read next.
  int64_t prompt_context() const;

  int64_t num_running() const { return static_cast<int64_t>(running_.size()); }
  int64_t num_waiting() const { return waiting_.num_sequences(); }
  int64_t num_paused() const { return paused_.num_sequences(); }
  const SchedulerCounters& counters() const { return counters_; }
  const BlockManager& blocks() const { return blocks_; }
  // CHECKs the books: all blocks accounted for, and every sequence in a state that its list allows.
  void check_integrity() const;

 private:
  void pause_and_resume();
  void make_room_for_running();
  bool take_blocks_of_paused();
  void give_back_blocks(Sequence& sequence);
  void preempt_last();
  void plan_running();
  void admit_waiting();
  std::optional<SlidTable> admit(const Sequence& sequence);
  Sequence& begin(std::unique_ptr<Sequence> sequence, SlidTable slid);
  void plan_slide(const Sequence& sequence, BlockTable source);
  void give_back_sources();
  Sequence& add_to_running(std::unique_ptr<Sequence> sequence);
  void plan_sequence(Sequence& sequence);
  void plan_drafts(const StepCosts& costs);
  void accept(const PlannedSequence& planned, const StepOutcome& outcome, const StepResult& result);
  void retire_finished();

  SchedulerOptions options_;
  BlockManager blocks_;
  ClientAccounts accounts_;
  WaitingQueue waiting_;
  std::vector<std::unique_ptr<Sequence>> running_;  // by priority, then oldest first
  PausedSequences paused_;
  std::vector<std::unique_ptr<Sequence>> finished_;
  StepPlan plan_;
  std::vector<BlockTable> sources_;  // of the plan's slides
  std::vector<DraftOffer> offers_;   // scratch of plan_drafts()
  int32_t prompt_room_ = 0;          // what is left of max_prompt_tokens
  bool has_preempted_ = false;       // in this plan
  int64_t num_tickets_ = 0;
  SchedulerCounters counters_;
};

}  // namespace youtu
