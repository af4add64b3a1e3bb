// Sequences whose readers have fallen behind. They compute nothing and take no place in the batch;
// their blocks they keep until somebody needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/sequence.h"

namespace youtu {

// Engine thread only. Owns its sequences.
class PausedSequences {
 public:
  int64_t num_sequences() const { return static_cast<int64_t>(sequences_.size()); }

  void push(std::unique_ptr<Sequence> sequence);
  // Takes out the first whose reader has caught up and that `may_go`; nullptr if there is none.
  template <typename MayGo>
  std::unique_ptr<Sequence> take_ready(MayGo may_go) {
    for (auto place = sequences_.begin(); place != sequences_.end(); ++place) {
      if ((*place)->is_reader_behind() || !may_go(**place)) continue;
      std::unique_ptr<Sequence> ready = std::move(*place);
      sequences_.erase(place);
      return ready;
    }
    return nullptr;
  }
  // The last that holds blocks, in the order in which running ones are preempted; nullptr if none
  // does.
  Sequence* last_with_blocks();
  // Moves the finished ones to the end of `sequences`.
  void take_finished(std::vector<std::unique_ptr<Sequence>>& sequences);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& sequence : sequences_) visit(*sequence);
  }
  // CHECKs that each is where and as it should be.
  void check_integrity() const;

 private:
  std::vector<std::unique_ptr<Sequence>> sequences_;  // in the order of running ones
};

}  // namespace youtu
