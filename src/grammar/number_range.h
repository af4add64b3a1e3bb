// Numbers between two bounds, digit by digit: what may follow depends on whether the digits so far
// are those of a bound.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "grammar/grammar.h"

namespace youtu {

// The absolute value of a bound as decimal digits, without zeros at its ends: 12.5 is "12", "5".
struct Decimal {
  bool is_negative = false;  // never for zero
  std::string integer = "0";
  std::string fraction = {};

  bool is_zero() const { return integer == "0" && fraction.empty(); }
};

struct NumberBound {
  Decimal value;
  bool is_exclusive = false;
};

struct NumberRange {
  std::optional<NumberBound> low;
  std::optional<NumberBound> high;
};

// Nothing if the number is beyond what a range can be written for: 10^18 in size, 40 digits behind
// the point.
std::optional<Decimal> decimal_of(const OrderedJson& number);
// Below 0, 0 or above 0.
int compare(const Decimal& a, const Decimal& b);

// The nearest integer inside of a bound of absolute values. Nothing for one below zero.
Decimal integer_at_least(const NumberBound& low);
std::optional<Decimal> integer_at_most(const NumberBound& high);

// The absolute values from `low` to `high`, which are absolute as well; no `high` is no bound.
using WriteMagnitudes = std::function<std::optional<ExprId>(
    const NumberBound& low, const std::optional<NumberBound>& high)>;
// The numbers of a range, of which `write` writes those below zero, and then the others. Nothing if
// there are none.
std::optional<ExprId> with_signs(Grammar& grammar, const NumberRange& range,
                                 const WriteMagnitudes& write);

// Numbers in the range, without exponents; of integers only those without a point. Nothing if there
// are none.
std::optional<ExprId> number_in_range(Grammar& grammar, const NumberRange& range, bool is_integer);

}  // namespace youtu
