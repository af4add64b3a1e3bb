// Decides what each step computes. There is no prefill and no decode here: a sequence is planned as
// many of its uncomputed tokens as the step has room for, so a long prompt is read in chunks while
// others go on.
//
// Blocks are taken as a sequence grows, not for its longest possible life, so many conversations
// fit that could not all run to their limit. When blocks run out, the youngest running sequence
// gives its blocks back and starts over later; since a draw depends on (seed, position) only, its
// text does not change. Nothing can wait for ever: the oldest running sequence is never preempted
// for another one, any sequence alone fits the cache, and both queues are served in the order of
// arrival.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "cache/block_manager.h"
#include "engine/sequence.h"
#include "engine/step.h"

namespace youtu {

struct SchedulerLimits {
  int32_t max_batch_size = 0;  // most sequences in a step
  int32_t max_step_tokens =
      0;  // most tokens in a step; at least max_batch_size, so that no sequence starves
  int32_t num_blocks = 0;
  int32_t block_size = 0;
};

struct SchedulerCounters {
  int64_t prompt_tokens = 0;      // computed; those of a preempted sequence count again
  int64_t completion_tokens = 0;  // sampled
  int64_t requests_finished = 0;  // for whatever reason
  int64_t preemptions = 0;
};

// Engine thread only. Owns its sequences, each in one list at a time.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerLimits& limits);
  ~Scheduler();

  // REQUIRES: the cache has room for sequence->max_tokens().
  void add(std::unique_ptr<Sequence> sequence);
  bool has_work() const { return !running_.empty() || !waiting_.empty(); }

  // Finishes the sequences whose readers have gone.
  void drop_cancelled();
  // Finishes all that run and wait, for shutdown or after a failure that belongs to no single one.
  void finish_all(FinishReason reason, const Status& status = {});

  // Moves sequences between waiting and running and assigns blocks. Not empty while there is work.
  // The plan is valid until commit().
  const StepPlan& plan();
  // The only place where sequences gain tokens.
  void commit(const StepPlan& plan, const StepResult& result);

  // Sequences that have finished since the last publish(). Their blocks are already back.
  std::span<const std::unique_ptr<Sequence>> unpublished() const { return finished_; }
  // Gives the staged events to their readers and forgets the finished sequences. True if there were
  // events.
  bool publish();

  int64_t num_running() const { return static_cast<int64_t>(running_.size()); }
  int64_t num_waiting() const { return static_cast<int64_t>(waiting_.size()); }
  const SchedulerCounters& counters() const { return counters_; }
  const BlockManager& blocks() const { return blocks_; }
  // CHECKs the books: all blocks accounted for, and every sequence in a state that its list allows.
  void check_integrity() const;

 private:
  void make_room_for_running();
  void preempt_youngest();
  void plan_running();
  void admit_waiting();
  void plan_sequence(Sequence& sequence);
  void retire_finished();

  SchedulerLimits limits_;
  BlockManager blocks_;
  std::deque<std::unique_ptr<Sequence>>
      waiting_;  // oldest first; all of them younger than the running ones
  std::vector<std::unique_ptr<Sequence>> running_;  // oldest first
  std::vector<std::unique_ptr<Sequence>> finished_;
  StepPlan plan_;
  bool has_preempted_ = false;  // in this plan
  SchedulerCounters counters_;
};

}  // namespace youtu
