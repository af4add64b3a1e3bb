// Multiples in ranges against arithmetic, on random steps, bounds and numbers.
#include "grammar/number_multiple.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/format_text.h"

namespace youtu {
namespace {

// Of a number of thousandths; `num_zeros` more than it needs.
std::string decimal_text(int64_t thousandths, size_t num_zeros = 0) {
  const int64_t size = std::abs(thousandths);
  std::string text = fmt::format("{}.{:03}", size / 1000, size % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.' && num_zeros == 0) text.pop_back();
  return (thousandths < 0 ? "-" : "") + text + std::string(num_zeros, '0');
}

FormatText text_of(const std::string& schema) {
  return FormatText({.kind = OutputFormat::Kind::kJsonSchema, .text = schema});
}

int num_decimals(int64_t thousandths) {
  int count = 3;
  for (; count > 0 && thousandths % 10 == 0; thousandths /= 10) --count;
  return count;
}

TEST(NumberMultiple, AreThoseOfArithmetic) {
  std::mt19937 random(5);
  const int64_t steps[] = {1, 10, 25, 50, 125, 250, 500, 700, 1000, 1500, 2000, 3000, 7000, 60'000};
  int num_written = 0;
  for (int round = 0; round < 400; ++round) {
    const int64_t step = steps[random() % std::size(steps)];
    const int64_t low = static_cast<int64_t>(random() % 400'000) - 200'000;
    const int64_t high = low + 2 * step + static_cast<int64_t>(random() % 200'000);
    const bool is_exclusive = random() % 2 == 0;
    const std::string schema = fmt::format(
        R"({{"type":"number","multipleOf":{},"{}":{},"maximum":{}}})", decimal_text(step),
        is_exclusive ? "exclusiveMinimum" : "minimum", decimal_text(low), decimal_text(high));
    SCOPED_TRACE(schema);
    FormatText text = text_of(schema);
    for (int i = 0; i < 60; ++i) {
      int64_t value = low - 3 * step + static_cast<int64_t>(random() % (high - low + 6 * step));
      if (random() % 2 == 0) value -= value % step;
      const bool is_right =
          value % step == 0 && value <= high && (is_exclusive ? value > low : value >= low);
      num_written += is_right ? 1 : 0;
      ASSERT_EQ(text.matches(decimal_text(value)), is_right) << decimal_text(value);
      // Zeros may follow, as far as the step has digits.
      const int room = num_decimals(step) - num_decimals(value);
      if (is_right && room > 0) {
        EXPECT_TRUE(text.matches(decimal_text(value, static_cast<size_t>(room))));
        EXPECT_FALSE(text.matches(decimal_text(value, static_cast<size_t>(room) + 1)));
      }
    }
  }
  EXPECT_GT(num_written, 4000);
}

TEST(NumberMultiple, WithoutBoundsTheyEndWithTheirDigits) {
  FormatText whole = text_of(R"({"type":"integer","multipleOf":7})");
  EXPECT_TRUE(whole.matches("0"));
  EXPECT_TRUE(whole.matches("-7"));
  EXPECT_TRUE(whole.matches("999999999999994"));
  EXPECT_FALSE(whole.matches("9999999999999990"));  // a multiple, but a digit more
  for (const char* text : {"-0", "00", "07", "7.0", "8", "7e1", "-", ""}) {
    EXPECT_FALSE(whole.matches(text)) << text;
  }
  FormatText cents = text_of(R"({"type":"number","multipleOf":0.01})");
  EXPECT_TRUE(cents.matches("9999999999.99"));
  EXPECT_TRUE(cents.matches("-0.05"));
  for (const char* text : {"0.001", "0.", ".5", "1.000", "-0.00"}) {
    EXPECT_FALSE(cents.matches(text)) << text;
  }
}

// Of an integer type only the multiples that are integers.
TEST(NumberMultiple, OfIntegersAreIntegers) {
  FormatText text = text_of(R"({"type":"integer","multipleOf":2.5})");
  EXPECT_TRUE(text.matches("5"));
  EXPECT_TRUE(text.matches("10"));
  EXPECT_FALSE(text.matches("2"));
  EXPECT_FALSE(text.matches("2.5"));
  EXPECT_TRUE(text_of(R"({"type":"integer","multipleOf":0.5})").matches("3"));
}

TEST(NumberMultiple, TakesStepsOfTwelveDigits) {
  const auto step = [](const char* text) { return step_of(OrderedJson::parse(text), false); };
  EXPECT_EQ(step("999999999999")->units, 999'999'999'999u);
  EXPECT_FALSE(step("9999999999999").has_value());
  EXPECT_EQ(step("0.00000000001")->num_decimals, 11u);
  EXPECT_FALSE(step("0.000000000001").has_value());
  EXPECT_FALSE(step("1e300").has_value());
  EXPECT_FALSE(step("0").has_value());
  EXPECT_FALSE(step("-3").has_value());
  EXPECT_EQ(step("2.50")->units, 25u);
}

}  // namespace
}  // namespace youtu
