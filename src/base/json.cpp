#include "base/json.h"

#include <cmath>
#include <set>
#include <vector>

#include "base/utf8.h"

namespace youtu {

namespace {

// Builds the document while it enforces the limits that nlohmann-json does not know: depth, node
// count, duplicate keys.
template <typename Document>
class LimitedBuilder {
 public:
  LimitedBuilder(Document& root, const JsonLimits& limits) : root_(root), limits_(limits) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(int64_t value) { return put(value); }
  bool number_unsigned(uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) {
    if (!std::isfinite(value)) return fail("out_of_range", "a number is too large");
    return put(value);
  }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(typename Document::binary_t&) { return fail("invalid_json", "binary value"); }

  bool start_object(size_t) { return open(Document::object()); }
  bool key(std::string& name) {
    // One search, for a vocabulary has 128,000 keys.
    const auto [member, is_new] = open_.back()->emplace(name, nullptr);
    if (!is_new) return fail("duplicate_key", "duplicate key \"" + name.substr(0, 64) + "\"");
    member_ = &*member;
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(size_t) { return open(Document::array()); }
  bool end_array() { return close(); }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    // 406 is nlohmann's code for a number that overflows a double.
    if (error.id == 406) return fail("out_of_range", "a number is too large");
    const std::string_view what = error.what();
    // nlohmann reports a lone \uD800-\uDFFF escape only in words.
    if (what.find("surrogate") != std::string_view::npos) {
      return fail("invalid_unicode",
                  "a \\u escape is half of a surrogate pair near byte " + std::to_string(position));
    }
    return fail("invalid_json", "syntax error near byte " + std::to_string(position));
  }

  const Status& status() const { return status_; }

 private:
  bool fail(std::string reason, std::string message) {
    status_ = Status::invalid_argument(std::move(message), {}, std::move(reason));
    return false;
  }
  template <typename Value>
  Document* place(Value&& value) {
    if (open_.empty()) {
      root_ = Document(std::forward<Value>(value));
      return &root_;
    }
    Document& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(Document(std::forward<Value>(value)));
      return &parent.back();
    }
    *member_ = Document(std::forward<Value>(value));
    return member_;
  }
  template <typename Value>
  bool put(Value&& value) {
    if (++num_nodes_ > limits_.max_nodes) {
      return fail("too_large", "more than " + std::to_string(limits_.max_nodes) + " values");
    }
    place(std::forward<Value>(value));
    return true;
  }
  bool open(Document container) {
    if (open_.size() >= limits_.max_depth) {
      return fail("too_deep", "nested deeper than " + std::to_string(limits_.max_depth));
    }
    if (++num_nodes_ > limits_.max_nodes) {
      return fail("too_large", "more than " + std::to_string(limits_.max_nodes) + " values");
    }
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Document& root_;
  const JsonLimits& limits_;
  // Stable: a container grows only while it is the innermost open one.
  std::vector<Document*> open_;
  Document* member_ = nullptr;  // of the innermost object, whose key was read last
  size_t num_nodes_ = 0;
  Status status_;
};

template <typename Document>
Result<Document> parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Status::invalid_argument(std::to_string(text.size()) + " bytes of JSON (at most " +
                                        std::to_string(limits.max_bytes) + ")",
                                    {}, "too_large");
  }
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    return Status::invalid_argument("byte " + std::to_string(bad) + " is not UTF-8", {},
                                    "invalid_utf8");
  }
  // The library takes a NUL for the end of the text and would not look at what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Status::invalid_argument("a NUL at byte " + std::to_string(nul), {}, "invalid_json");
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return Status::invalid_argument("starts with a byte order mark", {}, "invalid_json");
  }
  Document root;
  LimitedBuilder<Document> builder(root, limits);
  if (!Document::sax_parse(text.begin(), text.end(), &builder)) return builder.status();
  return root;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  return parse<Json>(text, limits);
}

Result<OrderedJson> parse_ordered_json(std::string_view text, const JsonLimits& limits) {
  return parse<OrderedJson>(text, limits);
}

std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace youtu
