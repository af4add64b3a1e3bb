// Two models fed with the same text, chunk by chunk side by side, and the distributions that they
// give its next tokens compared. Side by side, because neither model's logits need to be kept then:
// those of one chunk are all there is, where a text of 10,000 tokens would have 5 GB of them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/logit_comparison.h"
#include "model/teacher_forcing.h"

namespace youtu {

// The text that both are fed. It is cut into windows, and each window is a sequence of its own:
// `prefix`, and then as many tokens as fit.
struct ComparisonText {
  std::vector<TokenId> prefix;  // the begin token, where the tokenizer asks for one
  std::vector<TokenId> tokens;
  int32_t window = 512;  // tokens, with the prefix

  int64_t num_windows() const;  // REQUIRES: it passes check_comparison_text()
};

// Fails on a token outside the vocabulary, and on a window that is longer than `context` or has no
// room for two tokens of the text; status.param() is "tokens" or "window".
Status check_comparison_text(const ComparisonText& text, int32_t context, int32_t vocab_size);

struct ComparedModel {
  LoadedModel* model = nullptr;
  TeacherForcingOptions forcing;
};

// How the reference of a comparison is loaded: whatever is tested, its weights are the values that
// the file stores, its activations F32. `isa` is a table's name.
LoadOptions reference_load_options(const std::string& isa, int num_threads);
// And how it is run: an F32 cache, each sequence's attention in the cheaper of two exact forms.
TeacherForcingOptions reference_forcing(const TeacherForcingOptions& tested);

// Every position of every window, in order. A window's last position has no next token. The two
// may be one model, which is run twice then. `progress` is told after each window how many tokens
// of the text are done. Fails as check_comparison_text() does, and on a logit that is not finite.
// REQUIRES: both have vocabularies of one size and one chunk.
Result<std::vector<PositionComparison>> compare_models(
    const ComparedModel& reference, const ComparedModel& tested, const ComparisonText& text,
    const std::function<void(int64_t num_tokens)>& progress);

}  // namespace youtu
