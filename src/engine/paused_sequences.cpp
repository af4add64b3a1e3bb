#include "engine/paused_sequences.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {

void PausedSequences::push(std::unique_ptr<Sequence> sequence) {
  const auto place = std::ranges::upper_bound(sequences_, sequence, goes_before);
  sequences_.insert(place, std::move(sequence));
}

Sequence* PausedSequences::last_with_blocks() {
  for (auto place = sequences_.rbegin(); place != sequences_.rend(); ++place) {
    if (!(*place)->block_table().is_empty()) return place->get();
  }
  return nullptr;
}

void PausedSequences::take_finished(std::vector<std::unique_ptr<Sequence>>& sequences) {
  for (auto& sequence : sequences_) {
    if (sequence->is_finished()) sequences.push_back(std::move(sequence));
  }
  std::erase(sequences_, nullptr);
}

void PausedSequences::check_integrity() const {
  CHECK(std::ranges::is_sorted(sequences_, goes_before));
  for (const auto& sequence : sequences_) {
    CHECK(!sequence->is_finished() && sequence->has_begun());
    CHECK(!sequence->block_table().is_empty() || sequence->num_computed_tokens() == 0);
  }
}

}  // namespace youtu
