#include "saved_conversation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/json.h"
#include "sampling_settings.h"

namespace youtu {

namespace {

constexpr JsonLimits kLimits = {.max_bytes = 16u << 20, .max_depth = 8, .max_nodes = 200'000};

Status failed(const std::string& path) {
  return Status::failed_precondition(path + ": " + std::strerror(errno));
}

Json to_json(const SavedConversation& conversation) {
  Json messages = Json::array();
  for (const ChatMessage& message : conversation.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json settings = Json::array();
  for (const auto& [name, value] : set_over_preset(conversation.sampling)) {
    settings.push_back({{"name", name}, {"value", value}});
  }
  return {{"messages", std::move(messages)},
          {"preset", conversation.sampling.preset},
          {"settings", std::move(settings)}};
}

Result<std::string> text_member(const Json& object, const char* key) {
  if (!object.is_object()) return Status::invalid_argument("an entry is no object");
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) {
    return Status::invalid_argument(std::string("an entry has no text \"") + key + "\"");
  }
  return it->get<std::string>();
}

Status read_messages(const Json& messages, std::vector<ChatMessage>& into) {
  if (!messages.is_array()) return Status::invalid_argument("messages is no array");
  for (const Json& entry : messages) {
    Result<std::string> role = text_member(entry, "role");
    RETURN_IF_ERROR(role);
    Result<std::string> content = text_member(entry, "content");
    RETURN_IF_ERROR(content);
    if (*role != "system" && *role != "user" && *role != "assistant") {
      return Status::invalid_argument("a message's role is \"" + role->substr(0, 64) +
                                      "\" (system, user, assistant)");
    }
    if (*role == "system" && !into.empty()) {
      return Status::invalid_argument("a system message is not the first");
    }
    into.push_back({.role = *std::move(role), .content = *std::move(content)});
  }
  return Status::ok();
}

Status read_settings(const Json& json, SamplingFlags& flags) {
  Result<std::string> preset = text_member(json, "preset");
  RETURN_IF_ERROR(preset);
  flags.preset = *std::move(preset);
  RETURN_IF_ERROR(sampling_params(flags));
  const auto settings = json.find("settings");
  if (settings == json.end()) return Status::ok();
  if (!settings->is_array()) return Status::invalid_argument("settings is no array");
  for (const Json& entry : *settings) {
    const Result<std::string> name = text_member(entry, "name");
    RETURN_IF_ERROR(name);
    const Result<std::string> value = text_member(entry, "value");
    RETURN_IF_ERROR(value);
    RETURN_IF_ERROR(set_sampling(flags, *name, *value));
  }
  return Status::ok();
}

Result<std::string> read_text(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed(path);
  struct stat info {};
  std::string text;
  Status status;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = Status::failed_precondition(path + ": is no file");
  } else if (info.st_size > static_cast<off_t>(kLimits.max_bytes)) {
    status = Status::failed_precondition(path + ": is longer than 16 MiB");
  } else {
    text.resize(static_cast<size_t>(info.st_size));
    const ssize_t size = ::read(fd, text.data(), text.size());
    if (size < 0) status = failed(path);
    text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  }
  ::close(fd);
  if (!status) return status;
  return text;
}

}  // namespace

Status save_conversation(const SavedConversation& conversation, const std::string& path,
                         bool replaces) {
  std::error_code error;
  if (!replaces && std::filesystem::exists(path, error)) {
    return Status::failed_precondition(path + ": is there already (/save! replaces it)");
  }
  const std::string text =
      to_json(conversation).dump(2, ' ', false, Json::error_handler_t::replace);
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return failed(path);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) break;
    if (n > 0) done += static_cast<size_t>(n);
  }
  const bool good = done == text.size() && ::rename(temporary.c_str(), path.c_str()) == 0;
  const Status status = good ? Status::ok() : failed(path);
  if (!good) ::unlink(temporary.c_str());
  ::close(fd);
  return status;
}

Result<SavedConversation> load_conversation(const std::string& path) {
  const Result<std::string> text = read_text(path);
  RETURN_IF_ERROR(text);
  const Result<Json> json = parse_json(*text, kLimits);
  if (!json) return json.status().with_prefix(path + ": ");
  SavedConversation conversation;
  Status status = json->is_object() && json->contains("messages")
                      ? read_messages((*json)["messages"], conversation.messages)
                      : Status::invalid_argument("is no conversation (an object with messages)");
  // A list of messages from elsewhere has no settings.
  if (status && json->contains("preset")) status = read_settings(*json, conversation.sampling);
  if (!status) return status.with_prefix(path + ": ");
  return conversation;
}

}  // namespace youtu
