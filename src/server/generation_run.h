// The answers to one HTTP request on their way: one or several choices, one end. Destroying it
// cancels them.
#pragma once

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "server/choice_progress.h"
#include "server/serving_state.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

class GenerationRun {
 public:
  // REQUIRES: at least one choice; the state outlives the run.
  GenerationRun(std::vector<ChoiceProgress> choices, const ServingState& state,
                const RequestSettings& settings)
      : choices_(std::move(choices)),
        give_up_(settings.give_up_time()),
        is_cut_off_(state.is_cut_off()) {}

  // What came since the last time, one for each choice. Never blocks.
  std::vector<ChoiceDelta> advance();

  // All choices have ended, or one has failed and with it the whole.
  bool is_finished() const { return is_finished_; }
  const Status& error() const { return error_; }
  const std::vector<ChoiceProgress>& choices() const { return choices_; }
  // The prompt counts once. Complete when finished.
  Usage usage() const;

 private:
  void end(Status error);

  std::vector<ChoiceProgress> choices_;
  std::chrono::steady_clock::time_point give_up_;  // every request ends
  const std::atomic<bool>* is_cut_off_;            // the server waits no longer
  bool is_finished_ = false;
  Status error_;
};

}  // namespace youtu
