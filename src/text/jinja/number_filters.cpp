// Filters that make numbers. A number that is computed counts as the template's own.
#include "text/jinja/builtins.h"
#include "text/jinja/execution.h"
#include "text/jinja/operations.h"
#include "text/jinja/text_search.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

namespace youtu::jinja {

namespace {

constexpr double kIntegerLimit = 0x1p63;

// `text` without the blanks around it and the single underscores between digits; the sign apart.
struct NumberText {
  bool negative = false;
  std::string digits;
};
NumberText clean_number(std::string_view text) {
  const ByteRange range = strip_range(text, std::nullopt, Side::kBoth);
  text = text.substr(range.begin, range.end - range.begin);
  NumberText out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && text[i - 1] != '_' && text[i + 1] != '_';
    if (text[i] != '_' || !between) out.digits += text[i];
  }
  return out;
}

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  NumberText number = clean_number(text);
  const auto has_prefix = [&](char letter) {
    return number.digits.size() > 2 && number.digits[0] == '0' &&
           (number.digits[1] | 0x20) == letter;
  };
  if ((base == 16 && has_prefix('x')) || (base == 8 && has_prefix('o')) ||
      (base == 2 && has_prefix('b'))) {
    number.digits.erase(0, 2);
  }
  if (number.digits.empty() || number.digits[0] == '-') return std::nullopt;
  const std::string signed_digits = (number.negative ? "-" : "") + number.digits;
  const char* end = signed_digits.data() + signed_digits.size();
  int64_t value = 0;
  const auto result = std::from_chars(signed_digits.data(), end, value, base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  const NumberText number = clean_number(text);
  if (number.digits.empty() || number.digits[0] == '-') return std::nullopt;
  const char* end = number.digits.data() + number.digits.size();
  double value = 0;
  const auto result = std::from_chars(number.digits.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number.negative ? -value : value;
}

std::optional<int64_t> truncate(std::optional<double> number) {
  if (!number || !(std::fabs(*number) < kIntegerLimit)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

Value int_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "int", arguments, {"default", "base"});
  const int64_t base = args.integer_or(1, 10);
  if (base < 2 || base > 36) return execution.fail("int: the base must be 2 to 36");
  if (input.is_undefined()) return execution.fail(undefined_message(input));
  std::optional<int64_t> value;
  if (input.is_text()) {
    value = parse_integer(input.bytes(), static_cast<int>(base));
    if (!value) value = truncate(parse_float(input.bytes()));
  } else if (input.is_float()) {
    value = truncate(input.as_float());
  } else if (input.is_number()) {
    value = input.as_integer();
  }
  if (value) return *value;
  return args.has(0) ? args[0] : Value(int64_t{0});
}

Value float_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "float", arguments, {"default"});
  if (input.is_undefined()) return execution.fail(undefined_message(input));
  if (input.is_number()) return input.as_float();
  const auto value = input.is_text() ? parse_float(input.bytes()) : std::nullopt;
  if (value) return *value;
  return args.has(0) ? args[0] : Value(0.0);
}

// Python's round(): to the even neighbour where the number lies exactly between two.
double round_half_even(double number, int precision) {
  if (precision >= 0) {
    std::array<char, 400> buffer;
    std::snprintf(buffer.data(), buffer.size(), "%.*f", precision, number);
    double rounded = number;
    const std::string_view digits(buffer.data());
    std::from_chars(digits.data(), digits.data() + digits.size(), rounded);
    return rounded;
  }
  const double scale = std::pow(10.0, -precision);
  return std::nearbyint(number / scale) * scale;
}

Value round_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "round", arguments, {"precision", "method"});
  const int64_t precision = args.integer_or(0, 0);
  const std::string_view method = args.bytes_or(1, "common");
  constexpr int64_t kMaxPrecision = 30;
  if (precision < -kMaxPrecision || precision > kMaxPrecision) {
    return execution.fail("round: the precision must be -30 to 30");
  }
  if (!input.is_number()) {
    return execution.fail("round needs a number, not " + std::string(type_name(input)));
  }
  const double number = input.as_float();
  if (!std::isfinite(number)) return number;
  if (method == "common") {
    if (!input.is_float() && precision >= 0) return input.as_integer();
    const double rounded = round_half_even(number, static_cast<int>(precision));
    return input.is_float() ? Value(rounded) : Value(static_cast<int64_t>(rounded));
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return std::ceil(number * scale) / scale;
  if (method == "floor") return std::floor(number * scale) / scale;
  return execution.fail("round: the method must be common, ceil or floor");
}

Value abs_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "abs", arguments, {});
  if (!input.is_number()) {
    return execution.fail("abs needs a number, not " + std::string(type_name(input)));
  }
  if (input.is_float()) return std::fabs(input.as_float());
  if (input.as_integer() >= 0) return input.as_integer();
  return apply(execution, UnaryOp::kMinus, input);
}

constexpr Filter kNumberFilters[] = {
    {"int", int_filter}, {"float", float_filter}, {"round", round_filter}, {"abs", abs_filter}};

}  // namespace

std::span<const Filter> number_filters() {
  return kNumberFilters;
}

}  // namespace youtu::jinja
