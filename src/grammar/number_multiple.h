// Multiples of a number between two bounds, digit by digit. What the digits so far are worth,
// modulo that number, decides which may follow.
#pragma once

#include <optional>

#include "grammar/grammar.h"
#include "grammar/number_range.h"

namespace youtu {

// A reader divides doubles: of so many digits the quotient of integers is exact, and that of
// decimals right to a few thousandths.
inline constexpr size_t kMaxMultipleDigits = 15;
inline constexpr size_t kMaxDecimalMultipleDigits = 12;
// What digits so far may be worth, with so and so many digits to come.
inline constexpr size_t kMaxMultiplePlaces = 4'000;

// units / 10^num_decimals: 0.25 is 25 and 2.
struct NumberStep {
  uint64_t units = 1;  // at least 1
  uint32_t num_decimals = 0;
};

// Nothing for what is not above zero, and for what has more than kMaxDecimalMultipleDigits digits.
// Of integers only those multiples count that are integers.
std::optional<NumberStep> step_of(const OrderedJson& number, bool is_integer);

struct MultiplesResult {
  bool is_too_large = false;
  std::optional<ExprId> expr = std::nullopt;  // nothing if there are none
};
// Without exponents. REQUIRES: the step is one of step_of().
MultiplesResult multiples_in_range(Grammar& grammar, const NumberRange& range,
                                   const NumberStep& step);

}  // namespace youtu
