// Values as text: str(), repr() and JSON, as Python writes them.
#pragma once

#include "text/jinja/execution.h"

#include <optional>
#include <string>

namespace youtu::jinja {

// The shortest digits that read back as the same number, laid out as Python does: "1.0", "1e+16".
std::string float_text(double number);

// Whether any part of `value` came from a message. Text that is made of the whole of such a value,
// its punctuation included, is untrusted: what surrounds a user's words in a list was chosen by the
// user.
bool has_untrusted_part(Execution& execution, const Value& value);

// str(value), as `{{ value }}` prints it: nothing for an undefined value.
void print(TextBuilder& out, Execution& execution, const Value& value);
// The same as a value; a text is returned as it is.
Value to_text(Execution& execution, const Value& value);

// json.dumps() as Hugging Face calls it: other scripts are not escaped, keys keep their order.
struct JsonStyle {
  std::optional<std::string> indent = {};  // none: one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool ensure_ascii = false;
  bool sort_keys = false;
};
Value to_json(Execution& execution, const Value& value, const JsonStyle& style);

}  // namespace youtu::jinja
