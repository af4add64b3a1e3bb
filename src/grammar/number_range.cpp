#include "grammar/number_range.h"

#include <array>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "grammar/digit_writer.h"
#include "grammar/json_text.h"

namespace youtu {
namespace {

int compare_sizes(const Decimal& a, const Decimal& b) {
  if (a.integer.size() != b.integer.size()) return a.integer.size() < b.integer.size() ? -1 : 1;
  if (const int order = a.integer.compare(b.integer); order != 0) return order;
  // Without zeros at its end a fraction is larger than all that it begins with.
  return a.fraction.compare(b.fraction);
}

// A double tells any two numbers of so many digits apart, so that a reader who compares doubles
// sees on which side of a bound a number is. Integers may be longer.
constexpr size_t kMaxDigits = 15;
// Digits behind the point of a bound; the shortest text of a double has hardly ever more.
constexpr size_t kMaxBoundFraction = 40;

// Absolute values from `low` to `high`. Nothing for `high` is no bound.
class MagnitudeRange : DigitWriter {
 public:
  MagnitudeRange(Grammar& grammar, NumberBound low, std::optional<NumberBound> high,
                 bool is_integer)
      : DigitWriter(grammar),
        low_(std::move(low)),
        high_(std::move(high)),
        is_integer_(is_integer) {}

  std::optional<ExprId> build() {
    std::vector<ExprId> ways;
    const size_t most = high_ ? high_->value.integer.size() : kMaxIntegerDigits;
    for (size_t length = low_.value.integer.size(); length <= most; ++length) {
      max_fraction_ = length < kMaxDigits ? kMaxDigits - length : 0;
      const Edges edges = {.at_low = length == low_.value.integer.size(),
                           .at_high = high_ && length == high_->value.integer.size()};
      add(ways, integer_digits(0, length, edges));
    }
    return choice(std::move(ways));
  }

 private:
  ExprId digits(char first, char last) {
    return grammar_.letters(
        {{static_cast<unsigned char>(first), static_cast<unsigned char>(last)}});
  }

  // A digit from `low` to `high`, and then `rest`, which depends on whether it is one of them.
  template <typename Rest>
  void add_digits(std::vector<ExprId>& ways, char low, char high, Edges edges, const Rest& rest) {
    const auto add_range = [&](char first, char last, Edges next) {
      if (first > last) return;
      if (const auto tail = rest(next)) {
        ways.push_back(grammar_.sequence({digits(first, last), *tail}));
      }
    };
    if (low > high) return;
    if (low == high) return add_range(low, high, edges);
    const char first_inner = edges.at_low ? static_cast<char>(low + 1) : low;
    const char last_inner = edges.at_high ? static_cast<char>(high - 1) : high;
    if (edges.at_low) add_range(low, low, {.at_low = true});
    add_range(first_inner, last_inner, {});
    if (edges.at_high) add_range(high, high, {.at_high = true});
  }

  std::optional<ExprId> integer_digits(size_t position, size_t length, Edges edges) {
    if (position == length) return after_integer(edges);
    if (!edges.at_low && !edges.at_high && position > 0) {
      const auto count = static_cast<uint32_t>(length - position);
      return grammar_.sequence(
          {grammar_.repeat(digits('0', '9'), count, count), *after_integer(edges)});
    }
    const char least = position == 0 && length > 1 ? '1' : '0';
    const char low = edges.at_low ? low_.value.integer[position] : least;
    const char high = edges.at_high ? high_->value.integer[position] : '9';
    std::vector<ExprId> ways;
    add_digits(ways, low, high, edges,
               [&](Edges next) { return integer_digits(position + 1, length, next); });
    return choice(std::move(ways));
  }

  bool may_end(size_t position, Edges edges) const {
    const bool is_low_enough =
        !edges.at_high || position < high_->value.fraction.size() || !high_->is_exclusive;
    const bool is_high_enough =
        !edges.at_low || (position >= low_.value.fraction.size() && !low_.is_exclusive);
    return is_low_enough && is_high_enough;
  }

  std::optional<ExprId> after_integer(Edges edges) {
    std::vector<ExprId> ways;
    if (may_end(0, edges)) ways.push_back(grammar_.empty());
    if (!is_integer_) {
      if (const auto fraction = fraction_digits(0, edges)) {
        ways.push_back(grammar_.sequence({grammar_.bytes("."), *fraction}));
      }
    }
    return choice(std::move(ways));
  }

  // At least one digit, from the place `position` on.
  std::optional<ExprId> fraction_digits(size_t position, Edges edges) {
    if (position == max_fraction_) return std::nullopt;
    if (!edges.at_low && !edges.at_high) {
      return grammar_.repeat(digits('0', '9'), 1, static_cast<uint32_t>(max_fraction_ - position));
    }
    const auto digit_of = [position](const Decimal& bound) {
      return position < bound.fraction.size() ? bound.fraction[position] : '0';
    };
    const char low = edges.at_low ? digit_of(low_.value) : '0';
    const char high = edges.at_high ? digit_of(high_->value) : '9';
    std::vector<ExprId> ways;
    add_digits(ways, low, high, edges, [&](Edges next) -> std::optional<ExprId> {
      std::vector<ExprId> tails;
      if (may_end(position + 1, next)) tails.push_back(grammar_.empty());
      add(tails, fraction_digits(position + 1, next));
      return choice(std::move(tails));
    });
    return choice(std::move(ways));
  }

  NumberBound low_;
  std::optional<NumberBound> high_;
  bool is_integer_;
  size_t max_fraction_ = 0;  // of numbers of the length that is being written
};

void strip_zeros(std::string& fraction) {
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
}

Decimal add_one(Decimal value) {
  size_t i = value.integer.size();
  while (i > 0 && value.integer[i - 1] == '9') value.integer[--i] = '0';
  if (i > 0) {
    ++value.integer[i - 1];
  } else {
    value.integer.insert(value.integer.begin(), '1');
  }
  return value;
}

Decimal subtract_one(Decimal value) {
  size_t i = value.integer.size();
  while (value.integer[i - 1] == '0') value.integer[--i] = '9';
  --value.integer[i - 1];
  if (value.integer.size() > 1 && value.integer[0] == '0') value.integer.erase(0, 1);
  return value;
}

std::optional<ExprId> magnitudes(Grammar& grammar, NumberBound low, std::optional<NumberBound> high,
                                 bool is_integer) {
  if (is_integer) {
    low = {.value = integer_at_least(low)};
    if (high) {
      const auto most = integer_at_most(*high);
      if (!most) return std::nullopt;
      high = {.value = *most};
    }
  }
  if (high) {
    const int order = compare_sizes(low.value, high->value);
    if (order > 0 || (order == 0 && (low.is_exclusive || high->is_exclusive))) return std::nullopt;
  }
  return MagnitudeRange(grammar, std::move(low), std::move(high), is_integer).build();
}

}  // namespace

std::optional<Decimal> decimal_of(const OrderedJson& number) {
  std::array<char, 400> text;
  std::to_chars_result end = {};
  if (number.is_number_unsigned()) {
    end = std::to_chars(text.data(), text.data() + text.size(), number.get<uint64_t>());
  } else if (number.is_number_integer()) {
    end = std::to_chars(text.data(), text.data() + text.size(), number.get<int64_t>());
  } else {
    end = std::to_chars(text.data(), text.data() + text.size(), number.get<double>(),
                        std::chars_format::fixed);
  }
  if (end.ec != std::errc()) return std::nullopt;
  std::string digits(text.data(), end.ptr);
  Decimal decimal;
  decimal.is_negative = digits.starts_with('-');
  if (decimal.is_negative) digits.erase(0, 1);
  const size_t point = digits.find('.');
  decimal.integer = digits.substr(0, point);
  if (point != std::string::npos) decimal.fraction = digits.substr(point + 1);
  strip_zeros(decimal.fraction);
  if (decimal.is_zero()) decimal.is_negative = false;
  if (decimal.integer.size() > kMaxIntegerDigits) return std::nullopt;
  if (decimal.fraction.size() > kMaxBoundFraction) return std::nullopt;
  return decimal;
}

Decimal integer_at_least(const NumberBound& low) {
  const bool is_raised = low.is_exclusive || !low.value.fraction.empty();
  Decimal whole = {.integer = low.value.integer};
  return is_raised ? add_one(whole) : whole;
}
std::optional<Decimal> integer_at_most(const NumberBound& high) {
  const Decimal whole = {.integer = high.value.integer};
  if (!high.is_exclusive || !high.value.fraction.empty()) return whole;
  if (whole.is_zero()) return std::nullopt;
  return subtract_one(whole);
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.is_negative != b.is_negative) return a.is_negative ? -1 : 1;
  return a.is_negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

std::optional<ExprId> with_signs(Grammar& grammar, const NumberRange& range,
                                 const WriteMagnitudes& write) {
  const auto size_of = [](NumberBound bound) {
    bound.value.is_negative = false;
    return bound;
  };
  std::vector<ExprId> ways;
  if (!range.low || range.low->value.is_negative) {
    // From the bound nearest to zero; zero itself has no sign.
    const bool is_high_negative = range.high && range.high->value.is_negative;
    const NumberBound nearest =
        is_high_negative ? size_of(*range.high) : NumberBound{.value = {}, .is_exclusive = true};
    const auto farthest = range.low ? std::optional(size_of(*range.low)) : std::nullopt;
    if (const auto size = write(nearest, farthest)) {
      ways.push_back(grammar.sequence({grammar.bytes("-"), *size}));
    }
  }
  if (!range.high || !range.high->value.is_negative) {
    const bool is_low_positive = range.low && !range.low->value.is_negative;
    if (const auto size = write(is_low_positive ? *range.low : NumberBound{}, range.high)) {
      ways.push_back(*size);
    }
  }
  if (ways.empty()) return std::nullopt;
  return grammar.choice(std::move(ways));
}

std::optional<ExprId> number_in_range(Grammar& grammar, const NumberRange& range, bool is_integer) {
  return with_signs(grammar, range,
                    [&](const NumberBound& low, const std::optional<NumberBound>& high) {
                      return magnitudes(grammar, low, high, is_integer);
                    });
}

}  // namespace youtu
