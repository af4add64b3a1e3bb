#include "grammar/number_multiple.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "grammar/digit_writer.h"

namespace youtu {
namespace {

uint64_t power_of_ten(size_t exponent) {
  uint64_t power = 1;
  for (size_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// In units of 10^-num_decimals.
NumberBound scaled(NumberBound bound, uint32_t num_decimals) {
  std::string& integer = bound.value.integer;
  std::string& fraction = bound.value.fraction;
  fraction.append(num_decimals - std::min<size_t>(num_decimals, fraction.size()), '0');
  integer += fraction.substr(0, num_decimals);
  fraction.erase(0, num_decimals);
  integer.erase(0, std::min(integer.find_first_not_of('0'), integer.size() - 1));
  return bound;
}

bool is_less(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Absolute values, as the digits of how many units they are; a point stands before the last
// num_decimals of them.
class MultipleWriter : DigitWriter {
 public:
  MultipleWriter(Grammar& grammar, const NumberStep& step) : DigitWriter(grammar), step_(step) {}

  bool is_too_large() const { return is_too_long_ || places_.size() > kMaxMultiplePlaces; }

  std::optional<ExprId> write(const NumberBound& low, const std::optional<NumberBound>& high) {
    low_ = integer_at_least(scaled(low, step_.num_decimals)).integer;
    high_.reset();
    if (high) {
      const auto most = integer_at_most(scaled(*high, step_.num_decimals));
      if (!most || is_less(most->integer, low_)) return std::nullopt;
      high_ = most->integer;
    }
    const size_t max_digits =
        step_.num_decimals == 0 ? kMaxMultipleDigits : kMaxDecimalMultipleDigits;
    const size_t least = std::max<size_t>(low_.size(), step_.num_decimals + 1);
    const size_t most =
        high_ ? std::max<size_t>(high_->size(), step_.num_decimals + 1) : max_digits;
    // Shorter ones lie outside of the bounds.
    is_too_long_ |= least > max_digits;
    std::vector<ExprId> ways;
    for (num_digits_ = least; num_digits_ <= std::min(most, max_digits); ++num_digits_) {
      const Edges edges = {.at_low = num_digits_ == least, .at_high = high_ && num_digits_ == most};
      add(ways, digits(0, edges, 0));
    }
    return choice(std::move(ways));
  }

 private:
  // A bound has zeros before it where the number is longer.
  char digit_of(const std::string& bound, size_t position) const {
    const size_t num_zeros = num_digits_ - bound.size();
    return position < num_zeros ? '0' : bound[position - num_zeros];
  }

  // Whether a number can still be a multiple. `worth`: of the digits so far, modulo the step.
  bool is_possible(size_t num_left, uint64_t worth) const {
    return (step_.units - worth) % step_.units < power_of_ten(num_left);
  }

  // All of which are zeros, written or not.
  bool may_end(size_t num_left, const Edges& edges, uint64_t worth) const {
    if (worth != 0 || num_left > step_.num_decimals) return false;
    for (size_t i = num_digits_ - num_left; edges.at_low && i < num_digits_; ++i) {
      if (digit_of(low_, i) != '0') return false;
    }
    return true;
  }

  // What follows the first `position` digits.
  std::optional<ExprId> digits(size_t position, const Edges& edges, uint64_t worth) {
    const size_t num_left = num_digits_ - position;
    if (!is_possible(num_left, worth) || is_too_large()) return std::nullopt;
    if (position == 0 || edges.at_low || edges.at_high) return write_digits(position, edges, worth);
    const auto [place, is_new] = places_.try_emplace({num_left, worth}, std::nullopt);
    if (is_new) {
      if (const auto body = write_digits(position, edges, worth)) {
        place->second = grammar_.add_rule("multipleOf", *body);
      }
    }
    return place->second ? std::optional(grammar_.rule(*place->second)) : std::nullopt;
  }

  std::optional<ExprId> write_digits(size_t position, const Edges& edges, uint64_t worth) {
    const size_t num_left = num_digits_ - position;
    std::vector<ExprId> ways;
    if (num_left > 0) add(ways, next_digit(position, edges, worth));
    if (num_left > 0 && num_left == step_.num_decimals && !ways.empty()) {
      ways = {grammar_.sequence({grammar_.bytes("."), grammar_.choice(std::move(ways))})};
    }
    if (may_end(num_left, edges, worth)) ways.push_back(grammar_.empty());
    return choice(std::move(ways));
  }

  std::optional<ExprId> next_digit(size_t position, const Edges& edges, uint64_t worth) {
    const size_t num_left = num_digits_ - position;
    const bool is_leading = position == 0 && num_left > step_.num_decimals + 1;
    const char least = is_leading ? '1' : '0';
    const char low = edges.at_low ? std::max(least, digit_of(low_, position)) : least;
    const char high = edges.at_high ? digit_of(*high_, position) : '9';
    const uint64_t unit = power_of_ten(num_left - 1) % step_.units;
    std::vector<ExprId> ways;
    for (char digit = low; digit <= high; ++digit) {
      const Edges next = {.at_low = edges.at_low && digit == digit_of(low_, position),
                          .at_high = edges.at_high && digit == high};
      const uint64_t value = static_cast<uint64_t>(digit - '0');
      if (const auto rest = digits(position + 1, next, (worth + value * unit) % step_.units)) {
        ways.push_back(grammar_.sequence({grammar_.bytes({&digit, 1}), *rest}));
      }
    }
    return choice(std::move(ways));
  }

  const NumberStep step_;
  std::string low_;
  std::optional<std::string> high_;
  size_t num_digits_ = 0;
  bool is_too_long_ = false;
  // By how many digits are to come, and what those so far are worth. Nothing: none lead to an end.
  std::map<std::pair<size_t, uint64_t>, std::optional<RuleId>> places_;
};

}  // namespace

std::optional<NumberStep> step_of(const OrderedJson& number, bool is_integer) {
  const auto decimal = decimal_of(number);
  if (!decimal || decimal->is_negative || decimal->is_zero()) return std::nullopt;
  const std::string digits = decimal->integer + decimal->fraction;
  if (digits.size() > kMaxDecimalMultipleDigits) return std::nullopt;
  NumberStep step = {.num_decimals = static_cast<uint32_t>(decimal->fraction.size())};
  std::from_chars(digits.data(), digits.data() + digits.size(), step.units);
  if (is_integer) {
    step.units /= std::gcd(step.units, power_of_ten(step.num_decimals));
    step.num_decimals = 0;
  }
  return step;
}

MultiplesResult multiples_in_range(Grammar& grammar, const NumberRange& range,
                                   const NumberStep& step) {
  MultipleWriter writer(grammar, step);
  const auto expr = with_signs(grammar, range,
                               [&](const NumberBound& low, const std::optional<NumberBound>& high) {
                                 return writer.write(low, high);
                               });
  return {.is_too_large = writer.is_too_large(), .expr = expr};
}

}  // namespace youtu
