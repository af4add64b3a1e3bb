#include "engine/waiting_queue.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace youtu {

void WaitingQueue::push(std::unique_ptr<Sequence> sequence) {
  Lane& lane = lanes_[{sequence->priority(), sequence->client()}];
  const auto place = std::ranges::upper_bound(lane, sequence->ticket(), {},
                                              [](const auto& other) { return other->ticket(); });
  lane.insert(place, std::move(sequence));
  ++num_sequences_;
}

WaitingQueue::Lanes::const_iterator WaitingQueue::next_lane(const ClientAccounts& accounts) const {
  auto best = lanes_.end();
  std::tuple<int64_t, int64_t> least;  // served, ticket
  for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
    const auto& [priority, client] = lane->first;
    if (best != lanes_.end() && priority != best->first.first) break;
    const std::tuple rank = {accounts.served(client), lane->second.front()->ticket()};
    if (best != lanes_.end() && rank >= least) continue;
    best = lane;
    least = rank;
  }
  return best;
}

const Sequence* WaitingQueue::next(const ClientAccounts& accounts) const {
  const auto lane = next_lane(accounts);
  return lane == lanes_.end() ? nullptr : lane->second.front().get();
}

std::unique_ptr<Sequence> WaitingQueue::take_next(const ClientAccounts& accounts) {
  const auto lane = next_lane(accounts);
  CHECK(lane != lanes_.end());
  Lane& sequences = lanes_.at(lane->first);
  std::unique_ptr<Sequence> next = std::move(sequences.front());
  sequences.pop_front();
  if (sequences.empty()) lanes_.erase(lane);
  --num_sequences_;
  return next;
}

void WaitingQueue::take_finished(std::vector<std::unique_ptr<Sequence>>& sequences) {
  for (auto& [key, lane] : lanes_) {
    for (auto& sequence : lane) {
      if (sequence->is_finished()) sequences.push_back(std::move(sequence));
    }
    num_sequences_ -= static_cast<int64_t>(std::erase(lane, nullptr));
  }
  std::erase_if(lanes_, [](const auto& item) { return item.second.empty(); });
}

void WaitingQueue::check_integrity() const {
  int64_t num_sequences = 0;
  for (const auto& [key, lane] : lanes_) {
    CHECK(!lane.empty());
    int64_t last_ticket = -1;
    for (const auto& sequence : lane) {
      CHECK(std::pair(sequence->priority(), sequence->client()) == key);
      CHECK(sequence->ticket() > last_ticket);
      CHECK(!sequence->is_finished());
      CHECK(sequence->num_computed_tokens() == 0);
      CHECK(sequence->block_table().is_empty());
      last_ticket = sequence->ticket();
      ++num_sequences;
    }
  }
  CHECK(num_sequences == num_sequences_);
}

}  // namespace youtu
