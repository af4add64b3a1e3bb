#include "text/jinja/text_edits.h"

#include "text/jinja/printing.h"

#include <string>

namespace youtu::jinja {

Value part(Execution& execution, const TracedText& text, ByteRange range) {
  TextBuilder out(execution);
  out.append(text, range.begin, range.end);
  return out.finish();
}

Value parts(Execution& execution, const TracedText& text, const std::vector<ByteRange>& ranges) {
  List* out = execution.make_list();
  for (const ByteRange& range : ranges) {
    if (execution.failed()) break;
    execution.charge(1);
    execution.push(*out, part(execution, text, range));
  }
  return out;
}

Value strip(Execution& execution, const TracedText& text, const Value& characters, Side side) {
  std::optional<std::string_view> set;
  if (characters.is_text()) {
    set = characters.bytes();
  } else if (!characters.is_undefined() && !characters.is_none()) {
    return execution.fail("strip needs a str of characters, not " +
                          std::string(type_name(characters)));
  }
  return part(execution, text, strip_range(text.bytes(), set, side));
}

Value replace(Execution& execution, const TracedText& text, const TracedText& old_text,
              const TracedText& new_text, int64_t max_count) {
  TextBuilder out(execution);
  const std::string_view bytes = text.bytes();
  size_t done = 0;  // bytes of `text` that are in `out`
  size_t from = 0;
  for (int64_t count = 0; count != max_count && !execution.failed(); ++count) {
    const size_t at = find_first(bytes, old_text.bytes(), from);
    if (at == std::string_view::npos) break;
    out.append(text, done, at);
    out.append(new_text);
    done = at + old_text.size();
    from = done;
    if (!old_text.empty()) continue;
    // An empty text occurs before every character and at the end.
    if (at == bytes.size()) break;
    do {
      ++from;
    } while (from < bytes.size() && (static_cast<unsigned char>(bytes[from]) & 0xC0u) == 0x80u);
  }
  if (done < text.size()) out.append(text, done, text.size());
  return out.finish();
}

Value join(Execution& execution, const std::vector<Value>& items, const TracedText& separator) {
  TextBuilder out(execution);
  for (size_t i = 0; i < items.size() && !execution.failed(); ++i) {
    if (i > 0) out.append(separator);
    print(out, execution, items[i]);
  }
  return out.finish();
}

}  // namespace youtu::jinja
