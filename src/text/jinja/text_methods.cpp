// The methods of str.
#include "base/utf8.h"
#include "text/jinja/builtins.h"
#include "text/jinja/letter_case.h"
#include "text/jinja/operations.h"
#include "text/jinja/text_edits.h"

#include <algorithm>

namespace youtu::jinja {

namespace {

template <Side side>
Value strip_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "strip", arguments, {"chars"});
  return strip(execution, self.text(), args[0], side);
}

template <LetterCase letter_case>
Value case_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "upper, lower, title or capitalize", arguments, {});
  return change_case(execution, self.text(), letter_case);
}

template <bool from_right>
Value split_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "split", arguments, {"sep", "maxsplit"});
  const int64_t max_splits = args.integer_or(1, -1);
  const std::string_view bytes = self.bytes();
  if (args[0].is_undefined() || args[0].is_none()) {
    return parts(execution, self.text(), split_at_space(bytes, max_splits, from_right));
  }
  const std::string_view separator = args.bytes_or(0, "");
  if (execution.failed()) return {};
  if (separator.empty()) return execution.fail("split(): the separator is empty");
  return parts(execution, self.text(), split_ranges(bytes, separator, max_splits, from_right));
}

Value splitlines_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "splitlines", arguments, {"keepends"});
  return parts(execution, self.text(), split_lines(self.bytes(), args.bool_or(0, false)));
}

template <bool from_right>
Value partition_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "partition", arguments, {"sep"}, 1);
  const std::string_view separator = args.bytes_or(0, "");
  if (execution.failed()) return {};
  if (separator.empty()) return execution.fail("partition(): the separator is empty");
  const std::string_view bytes = self.bytes();
  const size_t size = bytes.size();
  const size_t found = from_right ? find_last(bytes, separator) : find_first(bytes, separator);
  // Without a separator the whole text is the first part, or the last one from the right.
  const bool none = found == std::string_view::npos;
  const size_t begin = none ? (from_right ? 0 : size) : found;
  const size_t end = none ? begin : found + separator.size();
  const TracedText& text = self.text();
  return execution.make_tuple({part(execution, text, {0, begin}),
                               part(execution, text, {begin, end}),
                               part(execution, text, {end, size})});
}

// startswith and endswith take one text or a tuple of them.
template <bool at_end>
Value affix_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, at_end ? "endswith" : "startswith", arguments, {"affix"}, 1);
  const std::string_view bytes = self.bytes();
  const auto matches = [&](const Value& affix) {
    if (!affix.is_text()) {
      execution.fail("startswith and endswith need a str, not " + std::string(type_name(affix)));
      return false;
    }
    return at_end ? bytes.ends_with(affix.bytes()) : bytes.starts_with(affix.bytes());
  };
  const List* several = args[0].list();
  if (!several || !several->is_tuple) return matches(args[0]);
  return std::any_of(several->items.begin(), several->items.end(), matches);
}

template <bool at_end>
Value remove_affix_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "removeprefix or removesuffix", arguments, {"affix"}, 1);
  const std::string_view affix = args.bytes_or(0, "");
  const std::string& bytes = self.bytes();
  const bool has = at_end ? bytes.ends_with(affix) : bytes.starts_with(affix);
  if (!has) return self;
  const size_t rest = bytes.size() - affix.size();
  return part(execution, self.text(),
              at_end ? ByteRange{0, rest} : ByteRange{affix.size(), bytes.size()});
}

Value replace_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "replace", arguments, {"old", "new", "count"}, 2);
  args.bytes_or(0, "");
  args.bytes_or(1, "");
  const int64_t count = args.integer_or(2, -1);
  if (execution.failed()) return {};
  return replace(execution, self.text(), args[0].text(), args[1].text(), count);
}

Value join_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "join", arguments, {"items"}, 1);
  const std::vector<Value> items = items_of(execution, args[0]);
  const bool all_text =
      std::all_of(items.begin(), items.end(), [](const Value& item) { return item.is_text(); });
  if (!all_text) return execution.fail("join(): an item is not a str");
  return join(execution, items, self.text());
}

enum class Missing { kMinusOne, kFails };

template <bool from_right, Missing missing>
Value find_method_of_text(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "find", arguments, {"sub"}, 1);
  const std::string_view needle = args.bytes_or(0, "");
  const std::string_view bytes = self.bytes();
  const size_t at = from_right ? find_last(bytes, needle) : find_first(bytes, needle);
  if (at != std::string_view::npos) {
    return static_cast<int64_t>(count_characters(bytes.substr(0, at)));
  }
  if (missing == Missing::kFails) return execution.fail("index(): the text is not found");
  return int64_t{-1};
}

Value count_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "count", arguments, {"sub"}, 1);
  const std::string_view needle = args.bytes_or(0, "");
  if (needle.empty()) return static_cast<int64_t>(count_characters(self.bytes()) + 1);
  return static_cast<int64_t>(split_ranges(self.bytes(), needle, -1, false).size() - 1);
}

// A predicate of all characters, false for an empty text.
template <bool (*holds)(char32_t)>
Value all_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "isdigit and the like", arguments, {});
  std::string_view rest = self.bytes();
  if (rest.empty()) return false;
  while (!rest.empty()) {
    const DecodedChar c = decode_utf8(rest);
    if (!holds(c.code_point)) return false;
    rest.remove_prefix(c.length);
  }
  return true;
}

bool is_letter_or_digit(char32_t c) {
  return is_letter(c) || is_decimal_digit(c);
}

// All letters that have a case have this one, and there is one.
template <bool upper>
Value is_case_method(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "isupper or islower", arguments, {});
  bool found = false;
  for (std::string_view rest = self.bytes(); !rest.empty();) {
    const DecodedChar c = decode_utf8(rest);
    rest.remove_prefix(c.length);
    if (upper ? is_lower_letter(c.code_point) : is_upper_letter(c.code_point)) return false;
    found |= upper ? is_upper_letter(c.code_point) : is_lower_letter(c.code_point);
  }
  return found;
}

constexpr Method kTextMethods[] = {
    {"strip", strip_method<Side::kBoth>},
    {"lstrip", strip_method<Side::kLeft>},
    {"rstrip", strip_method<Side::kRight>},
    {"split", split_method<false>},
    {"rsplit", split_method<true>},
    {"splitlines", splitlines_method},
    {"partition", partition_method<false>},
    {"rpartition", partition_method<true>},
    {"startswith", affix_method<false>},
    {"endswith", affix_method<true>},
    {"removeprefix", remove_affix_method<false>},
    {"removesuffix", remove_affix_method<true>},
    {"replace", replace_method},
    {"join", join_method},
    {"upper", case_method<LetterCase::kUpper>},
    {"lower", case_method<LetterCase::kLower>},
    {"title", case_method<LetterCase::kTitleMethod>},
    {"capitalize", case_method<LetterCase::kCapitalize>},
    {"find", find_method_of_text<false, Missing::kMinusOne>},
    {"rfind", find_method_of_text<true, Missing::kMinusOne>},
    {"index", find_method_of_text<false, Missing::kFails>},
    {"rindex", find_method_of_text<true, Missing::kFails>},
    {"count", count_method},
    {"isdigit", all_method<is_decimal_digit>},
    {"isdecimal", all_method<is_decimal_digit>},
    {"isnumeric", all_method<is_decimal_digit>},
    {"isalpha", all_method<is_letter>},
    {"isalnum", all_method<is_letter_or_digit>},
    {"isspace", all_method<is_python_space>},
    {"isupper", is_case_method<true>},
    {"islower", is_case_method<false>},
};

}  // namespace

std::span<const Method> text_methods() {
  return kTextMethods;
}

}  // namespace youtu::jinja
