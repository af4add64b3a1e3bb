// A text longer than a window that moves on over it: what it costs to move the latents that stay,
// or to compute them again, and how far apart the two are (docs/sessions.md, docs/mla.md).
//   window_bench <model> <text, or - for random tokens> [<window> <pinned> <dropped> <moves>
//                [f32|bf16|int8]]
// Control tokens that are spelled out in the text are such, so it may be a rendered conversation.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/numbers.h"
#include "base/rng.h"
#include "formats/open_model.h"
#include "model/load_model.h"
#include "model/logit_comparison.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

constexpr int32_t kChunk = 128;  // tokens of a step
using Clock = std::chrono::steady_clock;
using Tokens = std::vector<TokenId>;
using Row = std::vector<float>;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Window {
  int32_t tokens = 1024;
  int32_t pinned = 64;
  int32_t dropped = 256;
  int32_t moves = 8;
};

// Where a sequence lies in the cache.
enum Place : int32_t { kHere, kThere, kComputed, kNotTurned, kNumPlaces };

// A model and a cache with a place for each way to go on.
class Machine {
 public:
  Machine(LoadedModel& model, CacheDType dtype, int32_t max_tokens)
      : model_(model), place_blocks_(div_ceil(max_tokens, kBlockSize)) {
    auto workspace = Workspace::create(model.config, kChunk, kChunk, 1, *model.backend);
    auto cache =
        LatentCache::create(model.config, dtype, place_blocks_ * kNumPlaces, *model.backend);
    CHECK(workspace.is_ok() && cache.is_ok());
    workspace_ = std::move(workspace);
    cache_ = std::move(cache);
    indices_.resize(static_cast<size_t>(place_blocks_ * kNumPlaces) * kBlockSize);
    std::iota(indices_.begin(), indices_.end(), 0);
  }

  // Computes the tokens behind the `context` that are there; returns the logits of each, or, where
  // they are not wanted, nothing.
  std::vector<Row> feed(std::span<const TokenId> tokens, int32_t context, Place place,
                        bool are_logits_wanted) {
    std::vector<Row> all;
    for (size_t begin = 0; begin < tokens.size(); begin += kChunk) {
      const auto chunk = tokens.subspan(begin, std::min<size_t>(kChunk, tokens.size() - begin));
      const size_t num_rows = are_logits_wanted ? chunk.size() : 0;
      Row logits(num_rows * static_cast<size_t>(model_.config.vocab_size));
      step(chunk, context + static_cast<int32_t>(begin), place, num_rows, logits);
      for (size_t row = 0; row < num_rows; ++row) {
        const auto first = logits.begin() + static_cast<ptrdiff_t>(row) * model_.config.vocab_size;
        all.emplace_back(first, first + model_.config.vocab_size);
      }
    }
    return all;
  }

  // Rows [begin, end) of a sequence become rows of another, `dropped` further in front.
  void move(Place from, Place to, int32_t begin, int32_t end, int32_t dropped, bool is_turned) {
    std::vector<LatentMove> moves;
    for (int32_t i = begin; i < end; ++i) {
      moves.push_back({.from_slot = slot(from, i), .to_slot = slot(to, i - dropped)});
    }
    model_.model->move_latents(moves, is_turned ? -dropped : 0, *cache_, *workspace_);
  }

 private:
  int32_t slot(Place place, int32_t position) const {
    return place * place_blocks_ * kBlockSize + position;
  }

  void step(std::span<const TokenId> tokens, int32_t context, Place place, size_t num_rows,
            std::span<float> logits) {
    const std::span<const int32_t> indices = indices_;
    const auto count = static_cast<int32_t>(tokens.size());
    const SequenceSlice sequence = {
        .query_start = 0,
        .num_queries = count,
        .context_length = context + count,
        .block_table = indices.subspan(static_cast<size_t>(place * place_blocks_),
                                       static_cast<size_t>(place_blocks_))};
    const auto first_slot = static_cast<size_t>(slot(place, context));
    model_.model->forward(
        {.token_ids = tokens,
         .positions = indices.subspan(static_cast<size_t>(context), tokens.size()),
         .slot_mapping = indices.subspan(first_slot, tokens.size()),
         .sequences = {&sequence, 1},
         .logit_rows = indices.first(num_rows)},
        *cache_, *workspace_, logits);
  }

  LoadedModel& model_;
  int32_t place_blocks_;
  Result<Workspace> workspace_ = Status::internal("none");
  Result<LatentCache> cache_ = Status::internal("none");
  std::vector<int32_t> indices_;
};

std::vector<PositionComparison> compare(const std::vector<Row>& reference,
                                        const std::vector<Row>& tested,
                                        std::span<const TokenId> tokens) {
  std::vector<PositionComparison> positions;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const TokenId next = i + 1 < tokens.size() ? tokens[i + 1] : kNoNextToken;
    const auto position = compare_logits(reference[i], tested[i], next);
    CHECK(position.is_ok());
    positions.push_back(*position);
  }
  return positions;
}

void print(const std::string& what, const std::vector<PositionComparison>& positions) {
  const ComparisonSummary all = summarize(positions);
  fmt::print(
      "{:12} KLD {:.2e} +- {:.0e}, median {:.1e}, p99 {:.1e}; same top 1 {:.2f} %; perplexity "
      "{:.3f}, computed anew {:.3f}\n",
      what, all.divergence.mean, all.divergence.standard_error, all.divergence.median,
      all.divergence.p99, 100 * all.same_top, all.perplexity.tested, all.perplexity.reference);
}

void run(LoadedModel& model, CacheDType dtype, const Tokens& text, const Window& window) {
  Machine machine(model, dtype, window.tokens);
  const int32_t kept = window.tokens - window.dropped;
  Tokens said(text.begin(), text.begin() + window.tokens);
  machine.feed(said, 0, kHere, false);
  std::vector<PositionComparison> turned, not_turned;
  Place here = kHere, there = kThere;
  for (int32_t move = 0; move < window.moves; ++move) {
    said.erase(said.begin() + window.pinned, said.begin() + window.pinned + window.dropped);
    const auto moving = Clock::now();
    machine.move(here, there, 0, window.pinned, 0, false);
    machine.move(here, there, window.pinned + window.dropped, window.tokens, window.dropped, true);
    const double move_ms = milliseconds_since(moving);
    machine.move(here, kNotTurned, 0, window.pinned, 0, false);
    machine.move(here, kNotTurned, window.pinned + window.dropped, window.tokens, window.dropped,
                 false);
    const auto computing = Clock::now();
    machine.feed(said, 0, kComputed, false);
    const double compute_ms = milliseconds_since(computing);

    const auto next = std::span(text).subspan(
        static_cast<size_t>(window.tokens + move * window.dropped), size_t(window.dropped));
    const auto anew = machine.feed(next, kept, kComputed, true);
    const auto found = compare(anew, machine.feed(next, kept, there, true), next);
    const auto wrong = compare(anew, machine.feed(next, kept, kNotTurned, true), next);
    turned.insert(turned.end(), found.begin(), found.end());
    not_turned.insert(not_turned.end(), wrong.begin(), wrong.end());
    said.insert(said.end(), next.begin(), next.end());
    std::swap(here, there);
    fmt::print("move {:2}: {} rows in {:.2f} ms, computed in {:.0f} ms; mean KLD {:.2e}\n",
               move + 1, kept, move_ms, compute_ms, summarize(found).divergence.mean);
  }
  print("moved", turned);
  print("not turned", not_turned);
}

Result<Tokens> read_tokens(const OpenedModel& opened, const std::string& path, int32_t vocab_size,
                           int64_t count) {
  Tokens tokens;
  if (path == "-") {
    for (uint64_t i = 0; i < static_cast<uint64_t>(count); ++i) {
      tokens.push_back(static_cast<TokenId>(random_unit(1, i) * vocab_size));
    }
    return tokens;
  }
  const auto tokenizer = BpeTokenizer::create(opened.vocab);
  RETURN_IF_ERROR(tokenizer);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto encoded = (*tokenizer)->encode(text, /*trusted=*/true);
  RETURN_IF_ERROR(encoded);
  if (static_cast<int64_t>(encoded->size()) < count) {
    return Status::invalid_argument(
        fmt::format("{} has {} tokens ({} are needed)", path, encoded->size(), count));
  }
  return encoded;
}

Status run(const std::string& path, const std::string& text, const Window& window,
           const std::string& dtype) {
  const auto opened = open_model(path);
  RETURN_IF_ERROR(opened);
  auto model = load_model(*opened, {});
  RETURN_IF_ERROR(model);
  const int64_t count = window.tokens + int64_t{window.moves} * window.dropped;
  const auto tokens = read_tokens(*opened, text, model->config.vocab_size, count);
  RETURN_IF_ERROR(tokens);
  run(*model,
      dtype == "f32"    ? CacheDType::kF32
      : dtype == "bf16" ? CacheDType::kBF16
      : dtype == "int8" ? CacheDType::kInt8
                        : model->cache_dtype(),
      *tokens, window);
  return Status::ok();
}

}  // namespace
}  // namespace youtu

int main(int argc, char** argv) {
  youtu::Window window;
  if (argc >= 7) {
    window = {std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6])};
  }
  const bool fits = window.pinned >= 0 && window.dropped > 0 && window.moves > 0 &&
                    window.tokens > window.pinned + window.dropped;
  if ((argc != 3 && argc != 7 && argc != 8) || !fits) {
    fmt::print(stderr,
               "usage: window_bench <model> <text, or -> [<window> <pinned> <dropped> <moves> "
               "[f32|bf16|int8]]\n");
    return 2;
  }
  const youtu::Status status = youtu::run(argv[1], argv[2], window, argc == 8 ? argv[7] : "");
  if (status.is_ok()) return 0;
  fmt::print(stderr, "error: {}\n", status.message());
  return 1;
}
