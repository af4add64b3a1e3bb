// A format beside a vocabulary: which tokens may come after a completion. What it says depends on
// the completion alone, so nothing need be undone for a guess that was wrong or a sequence that
// starts over.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "grammar/format_cursor.h"
#include "grammar/format_vocabulary.h"
#include "grammar/state_table.h"
#include "grammar/token_mask.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

struct FormatCounters {
  int64_t masks = 0;         // that were asked for, and of these
  int64_t masks_made = 0;    // those that were not there yet
  int64_t nodes_walked = 0;  // of the vocabulary's trees, for them
};

// One thread at a time: the engine's, except while it is built.
class CompiledFormat {
 public:
  // Of states and masks, about; beyond it they are made anew. The states before are kept until
  // then, so that whoever is in the middle of one can go on.
  static constexpr size_t kDefaultMaxBytes = 8u << 20;

  CompiledFormat(Automaton automaton, std::shared_ptr<const FormatVocabulary> vocabulary,
                 size_t max_bytes = kDefaultMaxBytes);

  // Moves `cursor` to the end of `completion`, of which it has followed the beginning. A token that
  // the format does not allow leads to a place from which nothing does.
  void follow(FormatCursor& cursor, std::span<const TokenId> completion);
  // What may come at the cursor: end tokens exactly where the text may end. Valid until the next
  // call. Fails, with reason "format_error", where there is nothing.
  // REQUIRES: follow() was the last call, with this cursor.
  Result<const TokenMask*> mask(const FormatCursor& cursor);
  // How many of `tokens` may come one after the other. REQUIRES: as mask().
  size_t count_allowed(FormatCursor cursor, std::span<const TokenId> tokens);
  bool is_complete(const FormatCursor& cursor) const { return states_.is_complete(cursor.state); }

  const FormatCounters& counters() const { return counters_; }
  size_t bytes() const { return states_.bytes() + mask_bytes_; }

 private:
  StateId step(StateId state, TokenId token);
  void walk(std::span<const TokenSplit::Node> nodes, StateId from, uint32_t max_letters);
  TokenMask make_mask(StateId state);
  std::pair<uint32_t, const TokenSplit&> text_room(StateId state) const;
  void allow(TokenId token) {
    bits_[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
  }
  void forget_if_too_much();

  std::shared_ptr<const FormatVocabulary> vocabulary_;
  StateTable states_;
  // [text_letters]: nothing for the plain ones, which the vocabulary itself has, and where there is
  // none.
  std::vector<std::shared_ptr<const TokenSplit>> splits_;
  size_t max_bytes_;
  uint64_t generation_ = 1;
  std::vector<std::unique_ptr<const TokenMask>> masks_;  // [states], where one was asked for
  size_t mask_bytes_ = 0;
  FormatCounters counters_;
  std::vector<uint64_t> bits_;  // scratch of make_mask()
  std::vector<StateId> path_;   // scratch of walk(): the state at each depth
};

}  // namespace youtu
