// The workloads whose conversations come again: the built-in ones and those of a file.
#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "load/workload.h"

namespace youtu::load {

namespace {

constexpr size_t kMaxLines = 1'000'000;
constexpr size_t kMaxFileBytes = 256u << 20;

const std::vector<std::vector<std::string>>& demo_turns() {
  static const std::vector<std::vector<std::string>> turns = {
      {"解释牛顿第一定律", "再举一个生活中的例子", "那么第二定律呢？", "用一句话总结"},
      {"写个笑话", "再写一个", "为什么好笑？", "换一个关于程序员的"},
      {"Explain Newton's first law", "Give an example", "And the second law?", "Sum it up"},
      {"Tell me a joke", "Another one, please", "Why is it funny?", "One about a cat"},
      {"你是谁", "你能做什么？", "你会说英文吗？", "谢谢"},
      {"Hello", "What can you do?", "Who made you?", "Thank you"},
      {"如何煮米饭？", "水要放多少？", "要煮多久？", "怎么知道熟了？"},
      {"How do I make tea?", "How hot should the water be?", "How long?", "And with milk?"},
      {"1+1=?", "2+2=?", "3+5=?", "10-4=?"},
      {"Tell me a short story", "What happens then?", "Who is the hero?", "How does it end?"},
      {"光是什么？", "它有多快？", "为什么天空是蓝色的？", "彩虹怎么来的？"},
      {"What is gravity?", "Who described it?", "Does the moon have it?",
       "Why do we not feel it?"}};
  return turns;
}

class FixedWorkload final : public Workload {
 public:
  explicit FixedWorkload(std::vector<Conversation> conversations)
      : conversations_(std::move(conversations)) {}
  Conversation conversation(uint64_t index) const override {
    return conversations_[index % conversations_.size()];
  }
  size_t num_different() const override { return conversations_.size(); }

 private:
  std::vector<Conversation> conversations_;
};

Status wrong_line(const char* what) {
  return Status::invalid_argument(what, "--dataset");
}

// A string that a model can be asked with.
bool is_text(const Json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty();
}

Status take_messages(const Json& messages, Conversation& conversation) {
  if (!messages.is_array() || messages.empty())
    return wrong_line("messages is no list with a message");
  for (const Json& message : messages) {
    const bool is_message = message.is_object() && message.contains("role") &&
                            message.contains("content") && message["role"].is_string() &&
                            message["content"].is_string();
    if (!is_message) return wrong_line("a message has no role or content that is a string");
    conversation.opening.push_back(
        {message["role"].get<std::string>(), message["content"].get<std::string>()});
  }
  if (conversation.opening.back().role != "user")
    return wrong_line("the last message is not the user's");
  conversation.user_turns.push_back(std::move(conversation.opening.back().content));
  conversation.opening.pop_back();
  return Status::ok();
}

Status take_turns(const Json& turns, Conversation& conversation) {
  const bool is_list = turns.is_array() && !turns.empty() && turns.size() <= kMaxTurns &&
                       std::all_of(turns.begin(), turns.end(), is_text);
  if (!is_list) return wrong_line("turns is no list of 1 to 1000 texts");
  for (const Json& turn : turns) conversation.user_turns.push_back(turn.get<std::string>());
  return Status::ok();
}

Result<Conversation> parse_line(std::string_view line, int32_t output_len) {
  const Result<Json> json = parse_json(line);
  RETURN_IF_ERROR(json);
  if (!json->is_object()) return wrong_line("no JSON object");
  const int num_forms = static_cast<int>(json->contains("prompt")) +
                        static_cast<int>(json->contains("turns")) +
                        static_cast<int>(json->contains("messages"));
  if (num_forms != 1) return wrong_line("has not one of prompt, turns and messages");
  Conversation conversation;
  if (json->contains("messages")) {
    RETURN_IF_ERROR(take_messages((*json)["messages"], conversation));
  } else if (json->contains("turns")) {
    RETURN_IF_ERROR(take_turns((*json)["turns"], conversation));
  } else if (is_text((*json)["prompt"])) {
    conversation.user_turns.push_back((*json)["prompt"].get<std::string>());
  } else {
    return wrong_line("prompt is no text");
  }
  int64_t max_tokens = output_len;
  if (json->contains("max_tokens")) {
    const Json& given = (*json)["max_tokens"];
    max_tokens = given.is_number_integer() ? given.get<int64_t>() : 0;
    if (max_tokens < 1 || max_tokens > kMaxWorkloadTokens)
      return wrong_line("max_tokens is not in 1 to 1048576");
  }
  conversation.max_tokens.assign(conversation.user_turns.size(), static_cast<int32_t>(max_tokens));
  return conversation;
}

}  // namespace

std::unique_ptr<Workload> make_demo_workload(int32_t turns, int32_t output_len) {
  std::vector<Conversation> conversations;
  for (const std::vector<std::string>& said : demo_turns()) {
    Conversation conversation;
    for (size_t i = 0; i < static_cast<size_t>(turns); ++i) {
      conversation.user_turns.push_back(said[i % said.size()]);
    }
    conversation.max_tokens.assign(conversation.user_turns.size(), output_len);
    conversations.push_back(std::move(conversation));
  }
  return std::make_unique<FixedWorkload>(std::move(conversations));
}

Result<std::unique_ptr<Workload>> parse_workload(std::string_view jsonl, const std::string& name,
                                                 int32_t output_len) {
  std::vector<Conversation> conversations;
  for (size_t number = 1; !jsonl.empty(); ++number) {
    const size_t end = std::min(jsonl.find('\n'), jsonl.size());
    const std::string_view line = jsonl.substr(0, end);
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = name + ":" + std::to_string(number) + ": ";
    if (conversations.size() == kMaxLines) {
      return Status::invalid_argument(where + "more than 1000000 conversations", "--dataset");
    }
    Result<Conversation> conversation = parse_line(line, output_len);
    if (!conversation) return conversation.status().with_prefix(where);
    conversations.push_back(*std::move(conversation));
  }
  if (conversations.empty()) {
    return Status::invalid_argument(name + ": there is no conversation in it", "--dataset");
  }
  return std::unique_ptr<Workload>(std::make_unique<FixedWorkload>(std::move(conversations)));
}

Result<std::unique_ptr<Workload>> read_workload(const std::string& path, int32_t output_len) {
  const Result<std::string> text = read_file(path, kMaxFileBytes);
  RETURN_IF_ERROR(text);
  return parse_workload(*text, path, output_len);
}

}  // namespace youtu::load
