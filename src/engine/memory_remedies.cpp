#include "engine/memory_remedies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/check.h"
#include "engine/engine_options.h"

namespace youtu {
namespace {

// A setting, and the values that it may have instead, the first of them the one that changes
// least.
struct Change {
  std::string name;
  int64_t num_values = 0;
  std::function<std::string(EngineOptions& options, int64_t index)> set;  // returns the value
};

// Below these a number is no remedy.
constexpr int64_t kLeastContext = 256;
constexpr int64_t kLeastStepTokens = 64;

// A number from the multiple of `grain` below `value` down to `least`.
struct Numbers {
  std::string name;
  int64_t value = 0;
  int64_t least = 0;
  int64_t grain = 1;
  std::function<void(EngineOptions& options, int64_t value)> set = {};
};

Change number_change(Numbers numbers) {
  const int64_t first = (numbers.value - 1) / numbers.grain * numbers.grain;
  const int64_t count = std::max<int64_t>(0, (first - numbers.least) / numbers.grain + 1);
  return {numbers.name, first < numbers.least ? 0 : count,
          [numbers, first](EngineOptions& options, int64_t index) {
            const int64_t value = first - index * numbers.grain;
            numbers.set(options, value);
            return std::to_string(value);
          }};
}

Change word_change(std::string name, std::string EngineOptions::*member, std::string word) {
  return {std::move(name), 1, [member, word](EngineOptions& options, int64_t) {
            options.*member = word;
            return word;
          }};
}

// The cheapest in quality first.
std::vector<Change> changes_of(const EngineOptions& options) {
  constexpr int64_t kCacheGrain = 256;
  const int64_t all_tokens = options.cache_tokens > 0
                                 ? options.cache_tokens
                                 : batch_size_of(options) * options.max_context_tokens;
  return {
      // Fewer conversations at once; others wait.
      number_change({"cache_tokens", all_tokens, options.max_context_tokens, kCacheGrain,
                     [](EngineOptions& to, int64_t value) { to.cache_tokens = value; }}),
      number_change(
          {"max_batch_size", batch_size_of(options), 1, 1,
           [](EngineOptions& to, int64_t value) { to.max_batch_size = static_cast<int>(value); }}),
      // Long prompts are read more slowly.
      number_change(
          {"max_step_tokens", options.max_step_tokens, kLeastStepTokens, kLeastStepTokens,
           [](EngineOptions& to, int64_t value) { to.max_step_tokens = static_cast<int>(value); }}),
      word_change("cache_dtype", &EngineOptions::cache_dtype, "bf16"),
      word_change("cache_dtype", &EngineOptions::cache_dtype, "int8"),
      word_change("weights", &EngineOptions::weights, "q8"),
      number_change({"max_context_tokens", options.max_context_tokens, kLeastContext, kLeastContext,
                     [](EngineOptions& to, int64_t value) { to.max_context_tokens = value; }}),
      word_change("weights", &EngineOptions::weights, "q4"),
      // No longer request must fit any more.
      number_change({"cache_tokens", kLeastContext + 1, kLeastContext, kLeastContext,
                     [](EngineOptions& to, int64_t value) { to.cache_tokens = value; }}),
  };
}

// A change, and which of its values.
struct Choice {
  const Change* change = nullptr;
  int64_t index = 0;
};
using Choices = std::vector<Choice>;

class Search {
 public:
  explicit Search(const RemedySearch& search)
      : search_(search), changes_(changes_of(search.options)) {}

  const std::vector<Change>& changes() const { return changes_; }
  // The value that changes least of those that fit together with `others`.
  std::optional<int64_t> find_value(const Change& change, const Choices& others) const;
  // Each change after the other to its last value, until one fits; then what is not needed is taken
  // back. Nothing if none does; `least_bytes` is then what the smallest take.
  Choices combine(int64_t& least_bytes) const;
  MemoryRemedy describe(const Choices& choices) const;

 private:
  EngineOptions apply(const Choices& choices) const;
  // What they take; nothing if they may not be so.
  std::optional<int64_t> need(const Choices& choices) const;
  bool fits(const Choices& choices) const {
    const auto bytes = need(choices);
    return bytes && *bytes <= search_.available_bytes;
  }
  void relax(Choices& choices) const;

  const RemedySearch& search_;
  std::vector<Change> changes_;
};

// A later choice of a setting replaces an earlier one.
Choices with(Choices choices, const Choice& one) {
  std::erase_if(choices,
                [&](const Choice& other) { return other.change->name == one.change->name; });
  choices.push_back(one);
  return choices;
}

Choices without(Choices choices, size_t i) {
  choices.erase(choices.begin() + static_cast<ptrdiff_t>(i));
  return choices;
}

EngineOptions Search::apply(const Choices& choices) const {
  EngineOptions options = search_.options;
  for (const Choice& choice : choices) choice.change->set(options, choice.index);
  return options;
}

std::optional<int64_t> Search::need(const Choices& choices) const {
  const Result<int64_t> bytes = search_.need(apply(choices));
  return bytes ? std::optional<int64_t>(*bytes) : std::nullopt;
}

std::optional<int64_t> Search::find_value(const Change& change, const Choices& others) const {
  const auto fits_at = [&](int64_t index) { return fits(with(others, {&change, index})); };
  if (change.num_values == 0 || !fits_at(change.num_values - 1)) return std::nullopt;
  int64_t low = 0, high = change.num_values - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (fits_at(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return high;
}

Choices Search::combine(int64_t& least_bytes) const {
  Choices choices;
  for (const Change& change : changes_) {
    if (change.num_values == 0) continue;
    const Choices more = with(choices, {&change, change.num_values - 1});
    const auto bytes = need(more);
    if (!bytes || *bytes > least_bytes) continue;
    least_bytes = *bytes;
    choices = more;
    if (*bytes > search_.available_bytes) continue;
    relax(choices);
    return choices;
  }
  return {};
}

// Takes back what was not needed, the dearest first, and of numbers as much as fits.
void Search::relax(Choices& choices) const {
  for (size_t i = choices.size() - 1; i-- > 0;) {
    if (Choices fewer = without(choices, i); fits(fewer)) choices = std::move(fewer);
  }
  for (size_t i = 0; i < choices.size(); ++i) {
    choices[i].index = find_value(*choices[i].change, without(choices, i)).value();
  }
}

MemoryRemedy Search::describe(const Choices& choices) const {
  EngineOptions options = search_.options;
  std::vector<std::string> words;
  for (const auto& [change, index] : choices) {
    words.push_back(change->name + " " + change->set(options, index));
  }
  return {fmt::format("{}", fmt::join(words, " and ")), need(choices).value()};
}

}  // namespace

void find_remedies(const RemedySearch& wanted, MemoryReport& report) {
  const Search search(wanted);
  for (const Change& change : search.changes()) {
    const auto value = search.find_value(change, {});
    if (value) report.remedies.push_back(search.describe({{&change, *value}}));
    if (report.remedies.size() == kMaxRemedies) return;
  }
  if (!report.remedies.empty()) return;
  report.least_bytes = report.plan.start_bytes();
  const Choices several = search.combine(report.least_bytes);
  if (!several.empty()) report.remedies.push_back(search.describe(several));
}

}  // namespace youtu
