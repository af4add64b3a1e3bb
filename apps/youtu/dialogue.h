// What was said so far, and how the next answer comes to be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "completion.h"
#include "sampling_flags.h"
#include "terminal.h"
#include "youtu/engine.h"
#include "youtu/status.h"

namespace youtu {

struct ConversationSettings {
  SamplingFlags sampling;
  std::optional<bool> enable_thinking;  // none: as the template likes
};

class Dialogue {
 public:
  // REQUIRES: `engine` and `interrupt` outlive it.
  Dialogue(Engine& engine, ConversationSettings settings, InterruptWatch& interrupt);

  // Answers `text` on stdout as the model writes; what it thinks before, only where stdout is a
  // terminal. An error leaves the conversation as it was before.
  Status answer(std::string text);

  // Without the messages; with a system message if one is given.
  void begin(const std::optional<std::string>& system);
  // REQUIRES: messages as load_conversation() returns them.
  void go_on(std::vector<ChatMessage> messages) { messages_ = std::move(messages); }
  const std::vector<ChatMessage>& messages() const { return messages_; }
  std::optional<std::string> system() const;

  ConversationSettings& settings() { return settings_; }
  const std::optional<Completion>& last() const { return last_; }

 private:
  Result<Completion> complete(std::string& spoken);

  Engine& engine_;
  ConversationSettings settings_;
  InterruptWatch& interrupt_;
  std::vector<ChatMessage> messages_;
  std::optional<Completion> last_;
};

// "24 tokens, 20.1 a second; the first after 0.35 s; prompt 35 tokens, of them 20 cached"
std::string speed_text(const Completion& completion);

}  // namespace youtu
