// The sequences that wait for their turn, and whose turn it is: the lowest priority first; within a
// priority the client that has been served least; within a client the order of arrival.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/client_accounts.h"
#include "engine/sequence.h"

namespace youtu {

// Engine thread only. Owns its sequences.
class WaitingQueue {
 public:
  bool is_empty() const { return num_sequences_ == 0; }
  int64_t num_sequences() const { return num_sequences_; }

  // Its ticket says where it goes among those of its client and priority. One that was preempted
  // came before those that still wait, so it stands in front of them again.
  void push(std::unique_ptr<Sequence> sequence);
  // Whose turn it is; nullptr if nobody waits. REQUIRES: `accounts` knows all clients in the queue.
  const Sequence* next(const ClientAccounts& accounts) const;
  // Takes out the one that next() names. REQUIRES: not empty.
  std::unique_ptr<Sequence> take_next(const ClientAccounts& accounts);
  // Moves the finished ones to the end of `sequences`.
  void take_finished(std::vector<std::unique_ptr<Sequence>>& sequences);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, lane] : lanes_) {
      for (const auto& sequence : lane) visit(*sequence);
    }
  }
  // CHECKs that the lanes are what they should be.
  void check_integrity() const;

 private:
  using Lane = std::deque<std::unique_ptr<Sequence>>;         // never empty
  using Lanes = std::map<std::pair<int, std::string>, Lane>;  // by priority, client
  Lanes::const_iterator next_lane(const ClientAccounts& accounts) const;

  Lanes lanes_;
  int64_t num_sequences_ = 0;
};

}  // namespace youtu
