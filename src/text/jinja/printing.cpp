#include "text/jinja/printing.h"

#include "base/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace youtu::jinja {

namespace {

// str.isprintable(): everything but controls, unassigned code points and separators other than
// space.
bool is_printable(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return c == ' ';
    default:
      return true;
  }
}

std::string hex_escape(char kind, int digits, char32_t c) {
  char buffer[16];
  const int length =
      std::snprintf(buffer, sizeof buffer, "\\%c%0*x", kind, digits, static_cast<unsigned>(c));
  return {buffer, static_cast<size_t>(length)};
}

std::string quoted_for_people(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const DecodedChar c = decode_utf8(text);
    if (c.code_point == static_cast<char32_t>(quote) || c.code_point == '\\') {
      out += '\\';
      out += static_cast<char>(c.code_point);
    } else if (c.code_point == '\n') {
      out += "\\n";
    } else if (c.code_point == '\r') {
      out += "\\r";
    } else if (c.code_point == '\t') {
      out += "\\t";
    } else if (is_printable(c.code_point)) {
      out += text.substr(0, c.length);
    } else if (c.code_point < 0x100) {
      out += hex_escape('x', 2, c.code_point);
    } else if (c.code_point < 0x10000) {
      out += hex_escape('u', 4, c.code_point);
    } else {
      out += hex_escape('U', 8, c.code_point);
    }
    text.remove_prefix(c.length);
  }
  return out + quote;
}

void append_json_escape(std::string& out, char32_t c) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  const size_t i = c < 0x80 ? kShort.find(static_cast<char>(c)) : std::string_view::npos;
  if (i != std::string_view::npos) {
    out += '\\';
    out += kLetters[i];
  } else if (c >= 0x10000) {
    out += hex_escape('u', 4, 0xD800 + ((c - 0x10000) >> 10));
    out += hex_escape('u', 4, 0xDC00 + ((c - 0x10000) & 0x3FF));
  } else {
    out += hex_escape('u', 4, c);
  }
}

std::string quoted_for_json(std::string_view text, bool ensure_ascii) {
  std::string out = "\"";
  while (!text.empty()) {
    const DecodedChar c = decode_utf8(text);
    const char32_t code = c.code_point;
    const bool plain =
        code >= 0x20 && code != '"' && code != '\\' && (code < 0x7F || !ensure_ascii);
    if (plain || (code == 0x7F)) {
      out += text.substr(0, c.length);
    } else {
      append_json_escape(out, code);
    }
    text.remove_prefix(c.length);
  }
  return out + "\"";
}

// Writes nested data; all of it with the same trust.
class DataWriter {
 public:
  DataWriter(Execution& execution, TextBuilder& out, bool trusted)
      : execution_(execution), out_(out), trusted_(trusted) {}
  virtual ~DataWriter() = default;

  void write(const Value& value) {
    execution_.charge(1);
    execution_.charge_reading(value);
    if (++depth_ > kMaxDataDepth) execution_.fail_limit("nesting of data", kMaxDataDepth);
    if (!execution_.failed()) write_one(value);
    --depth_;
  }

 protected:
  virtual void write_one(const Value& value) = 0;
  void put(std::string_view bytes) { out_.append(bytes, trusted_); }
  bool failed() const { return execution_.failed(); }

  Execution& execution_;
  int depth_ = 0;

 private:
  TextBuilder& out_;
  bool trusted_;
};

// repr()
class PythonWriter : public DataWriter {
 public:
  using DataWriter::DataWriter;

 private:
  void write_one(const Value& value) override {
    if (value.is_undefined()) {
      put("Undefined");
    } else if (value.is_none()) {
      put("None");
    } else if (value.is_bool()) {
      put(value.as_bool() ? "True" : "False");
    } else if (value.is_integer()) {
      put(std::to_string(value.as_integer()));
    } else if (value.is_float()) {
      put(float_text(value.as_float()));
    } else if (value.is_text()) {
      put(quoted_for_people(value.bytes()));
    } else if (const List* list = value.list()) {
      write_list(*list);
    } else if (const Dict* dict = value.dict()) {
      write_dict(*dict);
    } else {
      put("<" + std::string(value.object()->kind()) + " " + std::string(value.object()->name()) +
          ">");
    }
  }
  void write_list(const List& list) {
    put(list.is_tuple ? "(" : "[");
    for (size_t i = 0; i < list.items.size() && !failed(); ++i) {
      if (i > 0) put(", ");
      write(list.items[i]);
    }
    put(list.is_tuple && list.items.size() == 1 ? ",)" : list.is_tuple ? ")" : "]");
  }
  void write_dict(const Dict& dict) {
    put(dict.is_namespace ? "<Namespace {" : "{");
    bool first = true;
    for (const Dict::Entry& entry : dict.entries()) {
      if (failed()) return;
      if (!std::exchange(first, false)) put(", ");
      write(entry.key);
      put(": ");
      write(entry.value);
    }
    put(dict.is_namespace ? "}>" : "}");
  }
};

class JsonWriter : public DataWriter {
 public:
  JsonWriter(Execution& execution, TextBuilder& out, bool trusted, const JsonStyle& style)
      : DataWriter(execution, out, trusted), style_(style) {}

 private:
  void write_one(const Value& value) override {
    if (value.is_none()) {
      put("null");
    } else if (value.is_bool()) {
      put(value.as_bool() ? "true" : "false");
    } else if (value.is_integer()) {
      put(std::to_string(value.as_integer()));
    } else if (value.is_float()) {
      put(json_float(value.as_float()));
    } else if (value.is_text()) {
      put(quoted_for_json(value.bytes(), style_.ensure_ascii));
    } else if (const List* list = value.list()) {
      write_list(*list);
    } else if (const Dict* dict = value.dict(); dict && !dict->is_namespace) {
      write_dict(*dict);
    } else {
      execution_.fail("tojson: " + std::string(type_name(value)) + " is not JSON serializable");
    }
  }
  static std::string json_float(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return float_text(number);
  }
  void new_line(int depth) {
    if (!style_.indent) return;
    put("\n");
    for (int i = 0; i < depth && !failed(); ++i) put(*style_.indent);
  }
  void write_list(const List& list) {
    if (list.items.empty()) return put("[]");
    put("[");
    for (size_t i = 0; i < list.items.size() && !failed(); ++i) {
      if (i > 0) put(style_.item_separator);
      new_line(depth_);
      write(list.items[i]);
    }
    new_line(depth_ - 1);
    put("]");
  }
  void write_dict(const Dict& dict) {
    if (dict.size() == 0) return put("{}");
    std::vector<const Dict::Entry*> entries;
    for (const Dict::Entry& entry : dict.entries()) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
        return key_text(a->key) < key_text(b->key);
      });
    }
    put("{");
    for (size_t i = 0; i < entries.size() && !failed(); ++i) {
      if (i > 0) put(style_.item_separator);
      new_line(depth_);
      put(quoted_for_json(key_text(entries[i]->key), style_.ensure_ascii));
      put(style_.key_separator);
      write(entries[i]->value);
    }
    new_line(depth_ - 1);
    put("}");
  }
  static std::string key_text(const Value& key) {
    if (key.is_text()) return key.bytes();
    if (key.is_none()) return "null";
    if (key.is_bool()) return key.as_bool() ? "true" : "false";
    return key.is_float() ? json_float(key.as_float()) : std::to_string(key.as_integer());
  }

  const JsonStyle& style_;
};

bool has_untrusted_part(Execution& execution, const Value& value, int depth) {
  execution.charge(1);
  if (execution.failed() || depth > kMaxDataDepth) return true;
  if (value.is_text()) return !value.text().all_trusted();
  const auto is_untrusted = [&](const Value& part) {
    return has_untrusted_part(execution, part, depth + 1);
  };
  if (const List* list = value.list()) {
    return list->from_message || std::any_of(list->items.begin(), list->items.end(), is_untrusted);
  }
  if (const Dict* dict = value.dict()) {
    return dict->from_message ||
           std::any_of(dict->entries().begin(), dict->entries().end(), [&](const auto& entry) {
             return is_untrusted(entry.key) || is_untrusted(entry.value);
           });
  }
  return false;
}

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  std::string_view digits(buffer, static_cast<size_t>(end.ptr - buffer));
  const size_t e = digits.find('e');
  int exponent = 0;
  const char* exponent_begin = digits.data() + e + 1 + (digits[e + 1] == '+' ? 1 : 0);
  std::from_chars(exponent_begin, end.ptr, exponent);
  if (exponent < -4 || exponent >= 16) return std::string(digits);
  const auto fixed =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  std::string out(buffer, fixed.ptr);
  return out.find('.') == std::string::npos ? out + ".0" : out;
}

bool has_untrusted_part(Execution& execution, const Value& value) {
  return has_untrusted_part(execution, value, 0);
}

void print(TextBuilder& out, Execution& execution, const Value& value) {
  if (value.is_undefined()) return;
  if (value.is_text()) return out.append(value.text());
  PythonWriter(execution, out, !has_untrusted_part(execution, value)).write(value);
}

Value to_text(Execution& execution, const Value& value) {
  if (value.is_text()) return value;
  TextBuilder out(execution);
  print(out, execution, value);
  return out.finish();
}

Value to_json(Execution& execution, const Value& value, const JsonStyle& style) {
  TextBuilder out(execution);
  JsonWriter(execution, out, !has_untrusted_part(execution, value), style).write(value);
  return out.finish();
}

}  // namespace youtu::jinja
