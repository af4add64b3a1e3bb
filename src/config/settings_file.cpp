#include "config/settings_file.h"

#include "base/mapped_file.h"
#include "base/utf8.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace youtu {

namespace {

// Builds the list from the parser's events, so that an alias is refused where it stands and nothing
// is ever expanded.
class SettingsBuilder : public YAML::EventHandler {
 public:
  explicit SettingsBuilder(std::string name) : name_(std::move(name)) {}

  const Status& status() const { return status_; }
  std::vector<Setting> take() { return std::move(settings_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // An empty file is one null; so is a file of comments.
    if (in_map_ || anchor != 0) fail(mark, "a value is missing");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases are not supported");
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    fail(mark, "anchors are not supported");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!is_plain(mark, tag, anchor)) return;
    if (!in_map_) return fail(mark, "expected lines of the form \"key: value\"");
    if (in_list_) {
      settings_.back().values.push_back(value);
    } else if (expects_key_) {
      add_key(mark, value);
    } else {
      settings_.back().values.push_back(value);
      settings_.back().is_quoted = tag == "!";
      expects_key_ = true;
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (!is_plain(mark, tag, anchor)) return;
    if (!in_map_ || in_list_ || expects_key_)
      return fail(mark, "expected lines of the form \"key: value\"");
    in_list_ = true;
    settings_.back().is_list = true;
  }
  void OnSequenceEnd() override {
    in_list_ = false;
    expects_key_ = true;
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (!is_plain(mark, tag, anchor)) return;
    if (in_map_) return fail(mark, "nested settings are not supported");
    in_map_ = true;
  }
  void OnMapEnd() override {}

 private:
  bool is_plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) {
      fail(mark, "anchors are not supported");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      fail(mark, "tags are not supported");
    }
    return status_.is_ok();
  }
  void add_key(const YAML::Mark& mark, const std::string& key) {
    const auto same = [&key](const Setting& setting) { return setting.key == key; };
    if (std::any_of(settings_.begin(), settings_.end(), same))
      return fail(mark, key + " is set twice");
    Setting setting;
    setting.key = key;
    setting.line = mark.line + 1;
    settings_.push_back(std::move(setting));
    expects_key_ = false;
  }
  void fail(const YAML::Mark& mark, const std::string& what) {
    if (!status_) return;
    status_ = Status::invalid_argument(name_ + ":" + std::to_string(mark.line + 1) + ": " + what);
  }

  const std::string name_;
  Status status_;
  std::vector<Setting> settings_;
  bool in_map_ = false;
  bool in_list_ = false;
  bool expects_key_ = true;
};

}  // namespace

Result<std::vector<Setting>> parse_settings(std::string_view text, const std::string& name) {
  if (text.size() > kMaxSettingsBytes) {
    return Status::invalid_argument(name + ": " + std::to_string(text.size()) + " bytes (at most " +
                                    std::to_string(kMaxSettingsBytes) + ")");
  }
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    return Status::invalid_argument(name + ": byte " + std::to_string(bad) + " is not UTF-8");
  }
  SettingsBuilder builder(name);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    // What the builder refused comes before a syntax error behind it.
    if (!builder.status()) return builder.status();
    return Status::invalid_argument(name + ":" + std::to_string(error.mark.line + 1) + ": " +
                                    error.msg);
  }
  if (!builder.status()) return builder.status();
  return builder.take();
}

Result<std::vector<Setting>> read_settings_file(const std::string& path) {
  const Result<std::string> text = read_file(path, kMaxSettingsBytes);
  if (!text) return text.status();
  return parse_settings(*text, path);
}

}  // namespace youtu
