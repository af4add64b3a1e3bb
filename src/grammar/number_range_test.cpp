// Ranges of numbers against arithmetic, on random bounds and random numbers near them.
#include "grammar/number_range.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "grammar/json_text.h"
#include "tests/support/format_text.h"

namespace youtu {
namespace {

// Bounds with few digits behind the point are compared as whole numbers of thousandths.
std::string decimal_text(int64_t thousandths) {
  const char* sign = thousandths < 0 ? "-" : "";
  const int64_t size = std::abs(thousandths);
  std::string text = fmt::format("{}{}.{:03}", sign, size / 1000, size % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

struct Bound {
  const char* keyword;
  int64_t thousandths;
};

class RandomRange {
 public:
  explicit RandomRange(std::mt19937& random) : random_(random) {
    if (random_() % 4 != 0) low_ = bound("minimum", "exclusiveMinimum");
    if (random_() % 4 != 0) high_ = bound("maximum", "exclusiveMaximum");
  }

  std::string schema(const char* type) const {
    std::string text = fmt::format("{{\"type\":\"{}\"", type);
    for (const auto& bound : {low_, high_}) {
      if (!bound) continue;
      text += fmt::format(",\"{}\":{}", bound->keyword, decimal_text(bound->thousandths));
    }
    return text + "}";
  }
  bool contains(int64_t value) const {
    const auto is_exclusive = [](const Bound& bound) { return bound.keyword[0] == 'e'; };
    if (low_ && (value < low_->thousandths || (value == low_->thousandths && is_exclusive(*low_))))
      return false;
    return !high_ || value < high_->thousandths ||
           (value == high_->thousandths && !is_exclusive(*high_));
  }
  // Mostly near a bound.
  int64_t number() {
    const int64_t near = low_ && random_() % 2 == 0 ? low_->thousandths
                         : high_                    ? high_->thousandths
                                                    : 0;
    const int64_t spread = std::array<int64_t, 4>{3, 300, 3000, 2'000'000}[random_() % 4];
    return near + static_cast<int64_t>(random_() % (2 * static_cast<uint64_t>(spread))) - spread;
  }

 private:
  Bound bound(const char* inclusive, const char* exclusive) {
    const int64_t size = std::array<int64_t, 4>{10, 1500, 120'000, 30'000'000}[random_() % 4];
    int64_t value = static_cast<int64_t>(random_() % (2 * static_cast<uint64_t>(size))) - size;
    if (random_() % 2 == 0) value = value / 1000 * 1000;
    return {random_() % 2 == 0 ? inclusive : exclusive, value};
  }

  std::mt19937& random_;
  std::optional<Bound> low_;
  std::optional<Bound> high_;
};

TEST(NumberRange, HoldsWhatLiesBetween) {
  std::mt19937 random(11);
  int num_inside = 0;
  int num_outside = 0;
  for (int round = 0; round < 1500; ++round) {
    RandomRange range(random);
    const bool is_integer = random() % 2 == 0;
    const OutputFormat format = {.kind = OutputFormat::Kind::kJsonSchema,
                                 .text = range.schema(is_integer ? "integer" : "number")};
    const bool is_empty = !check_output_format(format).is_ok();
    std::optional<FormatText> text;
    if (!is_empty) text.emplace(format);
    for (int i = 0; i < 60; ++i) {
      int64_t value = range.number();
      if (is_integer) value = value / 1000 * 1000;
      const bool expected = range.contains(value);
      ++(expected ? num_inside : num_outside);
      ASSERT_EQ(text && text->matches(decimal_text(value)), expected)
          << format.text << " " << decimal_text(value);
      // Zeros behind the point change nothing.
      const std::string longer = decimal_text(value) + (value % 1000 == 0 ? ".000" : "0");
      if (!text || is_integer) continue;
      ASSERT_EQ(text->matches(longer), expected) << longer;
    }
  }
  EXPECT_GT(num_inside, 10'000);
  EXPECT_GT(num_outside, 10'000);
}

TEST(NumberRange, ReadsBounds) {
  const auto read = [](const char* text) { return decimal_of(*parse_ordered_json(text)); };
  EXPECT_EQ(read("12.50")->integer, "12");
  EXPECT_EQ(read("12.50")->fraction, "5");
  EXPECT_TRUE(read("-0.0")->is_zero());
  EXPECT_FALSE(read("-0.0")->is_negative);
  EXPECT_EQ(read("1e5")->integer, "100000");
  EXPECT_FALSE(read("1e18").has_value());
  EXPECT_FALSE(read("1e-60").has_value());
  EXPECT_EQ(read("-2.4699999999999998")->fraction, "4699999999999998");
  EXPECT_TRUE(read("-999999999999999999")->is_negative);
  EXPECT_LT(compare(*read("-2"), *read("-1.5")), 0);
  EXPECT_LT(compare(*read("9"), *read("10")), 0);
  EXPECT_GT(compare(*read("0.51"), *read("0.5")), 0);
}

}  // namespace
}  // namespace youtu
