// What writers of numbers between two bounds have in common, digit by digit.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "grammar/grammar.h"

namespace youtu {

class DigitWriter {
 protected:
  explicit DigitWriter(Grammar& grammar) : grammar_(grammar) {}

  // Whether the digits so far are those of a bound.
  struct Edges {
    bool at_low = false;
    bool at_high = false;
  };

  static void add(std::vector<ExprId>& ways, std::optional<ExprId> way) {
    if (way) ways.push_back(*way);
  }
  std::optional<ExprId> choice(std::vector<ExprId> ways) {
    if (ways.empty()) return std::nullopt;
    return grammar_.choice(std::move(ways));
  }

  Grammar& grammar_;
};

}  // namespace youtu
