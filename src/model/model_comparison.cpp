#include "model/model_comparison.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

// REQUIRES: the window is longer than the prefix.
int64_t text_tokens_of_window(const ComparisonText& text) {
  return int64_t{text.window} - static_cast<int64_t>(text.prefix.size());
}

// The run over all windows, with what was found so far.
class Comparison {
 public:
  Comparison(TeacherForcing reference, TeacherForcing tested, size_t vocab_size, size_t chunk)
      : reference_(std::move(reference)),
        tested_(std::move(tested)),
        vocab_size_(vocab_size),
        chunk_(chunk) {}

  Status add_window(std::span<const TokenId> window) {
    reference_.begin_sequence();
    tested_.begin_sequence();
    for (size_t begin = 0; begin < window.size(); begin += chunk_) {
      const size_t count = std::min(chunk_, window.size() - begin);
      const auto expected = reference_.feed(window.subspan(begin, count));
      const auto found = tested_.feed(window.subspan(begin, count));
      for (size_t i = 0; i < count; ++i) {
        const bool is_last = begin + i + 1 == window.size();
        auto position = compare_logits(expected.subspan(i * vocab_size_, vocab_size_),
                                       found.subspan(i * vocab_size_, vocab_size_),
                                       is_last ? kNoNextToken : window[begin + i + 1]);
        if (!position) {
          return position.status().with_prefix("position " + std::to_string(positions_.size()) +
                                               ": ");
        }
        positions_.push_back(*position);
      }
    }
    return Status::ok();
  }

  std::vector<PositionComparison>& positions() { return positions_; }

 private:
  TeacherForcing reference_;
  TeacherForcing tested_;
  size_t vocab_size_;
  size_t chunk_;
  std::vector<PositionComparison> positions_;
};

}  // namespace

int64_t ComparisonText::num_windows() const {
  return div_ceil(static_cast<int64_t>(tokens.size()), text_tokens_of_window(*this));
}

Status check_comparison_text(const ComparisonText& text, int32_t context, int32_t vocab_size) {
  const auto shortest = static_cast<int64_t>(text.prefix.size()) + 2;
  if (text.window < shortest || text.window > context) {
    return Status::invalid_argument("a window of " + std::to_string(text.window) + " tokens (" +
                                        std::to_string(shortest) + " to " +
                                        std::to_string(context) + ", the model's context)",
                                    "window");
  }
  RETURN_IF_ERROR(check_tokens_known(text.prefix, vocab_size));
  return check_tokens_known(text.tokens, vocab_size);
}

LoadOptions reference_load_options(const std::string& isa, int num_threads) {
  return {.isa = isa, .num_threads = num_threads};
}

TeacherForcingOptions reference_forcing(const TeacherForcingOptions& tested) {
  return {
      .attention = AttentionMode::kAuto, .cache_dtype = CacheDType::kF32, .chunk = tested.chunk};
}

Result<std::vector<PositionComparison>> compare_models(
    const ComparedModel& reference, const ComparedModel& tested, const ComparisonText& text,
    const std::function<void(int64_t num_tokens)>& progress) {
  LoadedModel &first = *reference.model, &second = *tested.model;
  const int32_t chunk = tested.forcing.chunk;
  CHECK(first.config.vocab_size == second.config.vocab_size && reference.forcing.chunk == chunk);
  const int32_t context =
      std::min(first.config.max_position_embeddings, second.config.max_position_embeddings);
  RETURN_IF_ERROR(check_comparison_text(text, context, second.config.vocab_size));

  // A backend has one workspace, which two runs of one model share.
  auto workspace = Workspace::create(second.config, chunk, chunk, 1, *second.backend);
  RETURN_IF_ERROR(workspace);
  auto own_workspace = Result<Workspace>(Workspace());
  if (&first != &second) {
    own_workspace = Workspace::create(first.config, chunk, chunk, 1, *first.backend);
    RETURN_IF_ERROR(own_workspace);
  }
  auto reference_run = TeacherForcing::create(
      first, &first == &second ? *workspace : *own_workspace, reference.forcing, text.window);
  RETURN_IF_ERROR(reference_run);
  auto tested_run = TeacherForcing::create(second, *workspace, tested.forcing, text.window);
  RETURN_IF_ERROR(tested_run);

  Comparison comparison(*std::move(reference_run), *std::move(tested_run),
                        static_cast<size_t>(second.config.vocab_size), static_cast<size_t>(chunk));
  const auto step = static_cast<size_t>(text_tokens_of_window(text));
  for (size_t begin = 0; begin < text.tokens.size(); begin += step) {
    std::vector<TokenId> window = text.prefix;
    const auto rest = std::span(text.tokens).subspan(begin);
    const auto part = rest.first(std::min(step, rest.size()));
    window.insert(window.end(), part.begin(), part.end());
    RETURN_IF_ERROR(comparison.add_window(window));
    progress(static_cast<int64_t>(begin + part.size()));
  }
  return std::move(comparison.positions());
}

}  // namespace youtu
