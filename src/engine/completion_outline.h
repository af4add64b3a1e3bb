// Which part of its completion a sequence is in: the thought, between its tags, or the answer. It
// knows when the budget of the thought is used up and what must be written then, and where an
// answer ends that may not go on behind some text.
//
// What it says depends on the completion alone. So nothing need be undone for a guess that was
// wrong, and neither batch nor preemption has a say in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/generation.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

// How far a completion has been followed. Cheap to copy; only CompletionOutline moves it.
struct OutlineCursor {
  enum class Part : uint8_t {
    kBefore,  // the tag of a thought may follow
    kThought,
    kAnswer,
    kEnd,  // the answer has ended
  };
  Part part = Part::kAnswer;
  size_t num_matched = 0;          // bytes at the end that begin the text which is looked for
  int64_t num_thought_tokens = 0;  // with any text of the thought
  int64_t num_tag_tokens = 0;      // after those, of what may become its last tag
  size_t num_forced = 0;           // tokens that were written because the budget was used up
  int num_missing_bytes = 0;       // of the last character

  // Those of a thought that is not closed are all its own.
  int64_t reasoning_tokens() const {
    return num_thought_tokens + (part == Part::kThought ? num_tag_tokens : 0);
  }
};

class CompletionOutline {
 public:
  // There is only an answer, and it may go on for ever.
  CompletionOutline() = default;
  // Fails on texts that are out of their limits or no UTF-8. REQUIRES: `tokenizer` outlives it.
  static Result<CompletionOutline> create(const Tokenizer& tokenizer,
                                          const GenerationRequest& request);

  OutlineCursor start() const;
  // The completion has one more token.
  void follow(OutlineCursor& cursor, TokenId token) const;
  // What must come next, whatever the model would have said.
  std::optional<TokenId> forced_token(const OutlineCursor& cursor) const;

 private:
  void follow_beginning(OutlineCursor& cursor, std::string_view bytes) const;
  void follow_thought(OutlineCursor& cursor, std::string_view bytes) const;
  void follow_answer(OutlineCursor& cursor, std::string_view bytes) const;

  const Tokenizer* tokenizer_ = nullptr;  // unless there is nothing to follow
  std::optional<ThoughtRules> thought_;
  int64_t budget_ = -1;
  bool is_text_ = false;  // the completion is UTF-8 up to its last byte, as a format wants it
  std::vector<TokenId> closing_;  // the last words and the tag
  std::string ends_behind_;
};

}  // namespace youtu
