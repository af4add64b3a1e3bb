// Filters that work on one text.
#include "text/jinja/builtins.h"
#include "text/jinja/letter_case.h"
#include "text/jinja/printing.h"
#include "text/jinja/text_edits.h"

#include <string>

namespace youtu::jinja {

namespace {

Value trim_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "trim", arguments, {"chars"});
  const Value text = to_text(execution, input);
  return execution.failed() ? Value() : strip(execution, text.text(), args[0], Side::kBoth);
}

template <LetterCase letter_case>
Value case_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "upper, lower, title or capitalize", arguments, {});
  const Value text = to_text(execution, input);
  return execution.failed() ? Value() : change_case(execution, text.text(), letter_case);
}

Value replace_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "replace", arguments, {"old", "new", "count"}, 2);
  const int64_t count = args[2].is_none() ? -1 : args.integer_or(2, -1);
  const Value text = to_text(execution, input);
  const Value old_text = to_text(execution, args[0]);
  const Value new_text = to_text(execution, args[1]);
  if (execution.failed()) return {};
  return replace(execution, text.text(), old_text.text(), new_text.text(), count);
}

Value string_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "string", arguments, {});
  return to_text(execution, input);
}

Value safe_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "safe", arguments, {});
  return to_text(execution, input);
}

Value escape_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "escape", arguments, {});
  constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&#39;"}, {"\"", "&#34;"}};
  Value text = to_text(execution, input);
  for (const auto& [plain, entity] : kEntities) {
    if (execution.failed()) return {};
    // The entity stands for a character of the input: not more trusted than all of it.
    const TracedText replacement(entity, text.text().all_trusted());
    text = replace(execution, text.text(), TracedText(plain, true), replacement, -1);
  }
  return text;
}

// The blanks to indent by: a number of spaces, or a text.
std::optional<TracedText> indentation(Execution& execution, const Value& width, size_t fallback) {
  if (width.is_undefined()) return TracedText(std::string(fallback, ' '), true);
  if (width.is_text()) return width.text();
  constexpr int64_t kMaxWidth = 1000;
  if (width.is_integer() && width.as_integer() >= 0 && width.as_integer() <= kMaxWidth) {
    return TracedText(std::string(static_cast<size_t>(width.as_integer()), ' '), true);
  }
  execution.fail("indent: the width must be a str, or a number from 0 to " +
                 std::to_string(kMaxWidth));
  return std::nullopt;
}

Value indent_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "indent", arguments, {"width", "first", "blank"});
  const auto blanks = indentation(execution, args[0], 4);
  const bool indents_first = args.bool_or(1, false);
  const bool indents_blank = args.bool_or(2, false);
  const Value value = to_text(execution, input);
  if (execution.failed()) return {};
  const TracedText& text = value.text();
  TextBuilder out(execution);
  const std::vector<ByteRange> lines = split_lines(text.bytes(), true);
  for (size_t i = 0; i < lines.size() && !execution.failed(); ++i) {
    const std::string_view line =
        std::string_view(text.bytes()).substr(lines[i].begin, lines[i].end - lines[i].begin);
    const bool blank = split_lines(line, false)[0].end == 0;
    if ((i > 0 || indents_first) && (!blank || indents_blank || i == 0)) out.append(*blanks);
    out.append(text, lines[i].begin, lines[i].end);
  }
  // Without a line there is still the first one to indent.
  if (lines.empty() && indents_first) out.append(*blanks);
  return out.finish();
}

Value tojson_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "tojson", arguments,
                            {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  // Jinja's own filter has the indent first; a number there can mean nothing else.
  const bool indent_first = args[0].is_integer();
  style.ensure_ascii = !indent_first && args.bool_or(0, false);
  style.sort_keys = args.bool_or(3, false);
  const Value& indent = indent_first ? args[0] : args[1];
  if (!indent.is_undefined() && !indent.is_none()) {
    const auto blanks = indentation(execution, indent, 0);
    if (!blanks) return {};
    style.indent = blanks->bytes();
    style.item_separator = ",";
  }
  if (const List* separators = args[2].list(); separators && separators->items.size() == 2) {
    style.item_separator = to_text(execution, separators->items[0]).bytes();
    style.key_separator = to_text(execution, separators->items[1]).bytes();
  } else if (args.has(2) && !args[2].is_none()) {
    return execution.fail("tojson: separators must be two texts");
  }
  return to_json(execution, input, style);
}

Value wordcount_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "wordcount", arguments, {});
  const Value text = to_text(execution, input);
  if (execution.failed()) return {};
  return static_cast<int64_t>(split_at_space(text.bytes(), -1, false).size());
}

constexpr Filter kTextFilters[] = {
    {"trim", trim_filter},
    {"upper", case_filter<LetterCase::kUpper>},
    {"lower", case_filter<LetterCase::kLower>},
    {"title", case_filter<LetterCase::kTitleFilter>},
    {"capitalize", case_filter<LetterCase::kCapitalize>},
    {"replace", replace_filter},
    {"string", string_filter},
    {"safe", safe_filter},
    {"escape", escape_filter},
    {"e", escape_filter},
    {"indent", indent_filter},
    {"tojson", tojson_filter},
    {"wordcount", wordcount_filter},
};

}  // namespace

std::span<const Filter> text_filters() {
  return kTextFilters;
}

}  // namespace youtu::jinja
