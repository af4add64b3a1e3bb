// An engine without a model, for everything that stands above the engine: it answers what a script
// says, one piece of text a step. A test may drive the steps by hand, so that it knows what has
// happened when.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "youtu/engine.h"

namespace youtu::test {

// Bytes are tokens. The control tokens are <|begin|>, <|System|>, <|User|>, <|Assistant|>; <think>
// and </think> are added tokens that are text. The template is <|begin|> and each message's content
// after its role's token, behind the tools if there are any.
class ByteTokenizer : public Tokenizer {
 public:
  int32_t vocab_size() const override;
  std::optional<TokenId> bos_token() const override;
  std::span<const TokenId> eos_tokens() const override;
  bool is_control(TokenId token) const override;
  std::string_view token_bytes(TokenId token) const override;
  std::optional<TokenId> find_token(std::string_view content) const override;
  Result<std::vector<TokenId>> encode(std::string_view text, bool trusted) const override;
  Result<std::vector<TokenId>> encode_prompt(std::string_view text) const override;
  std::string decode(std::span<const TokenId> tokens, bool skip_control) const override;
  bool has_chat_template() const override { return has_template_; }
  Result<std::vector<PromptSegment>> render_chat(std::span<const ChatMessage> messages,
                                                 const ChatOptions& options) const override;
  Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage> messages,
                                           const ChatOptions& options) const override;

  // The content of the last user message of an encoded prompt: what the script is looked up by.
  std::string last_user_content(std::span<const TokenId> prompt) const;
  void set_has_chat_template(bool has_template) { has_template_ = has_template; }

 private:
  bool has_template_ = true;
};

struct ScriptedAnswer {
  // The text of each step; one token each, the piece's first byte. An end token follows the last.
  std::vector<std::string> pieces = {};
  FinishReason finish_reason = FinishReason::kEndOfSequence;
  Status error = {};     // with FinishReason::kError
  bool endless = false;  // the pieces again and again, until cancelled or at max_new_tokens
};

class ScriptedEngine : public Engine {
 public:
  enum class Pace { kFree, kByHand };
  explicit ScriptedEngine(Pace pace, EngineOptions options = {});
  ~ScriptedEngine() override;

  // What is not in the script is answered by "You said: " and the prompt.
  void answer(std::string prompt, ScriptedAnswer answer);
  // How long a step of a free engine takes.
  void set_step_time(std::chrono::milliseconds time);
  ByteTokenizer& byte_tokenizer() { return tokenizer_; }

  // One step of all that runs. Only with Pace::kByHand.
  void step();
  // Waits until that many requests run or wait; false after some seconds.
  bool wait_for_requests(int count);
  GenerationRequest last_request() const;

  Result<GenerationHandle> submit(GenerationRequest request) override;
  Status check_room() const override;
  Status health() const override;
  void set_health(Status health);
  const Tokenizer& tokenizer() const override { return tokenizer_; }
  const ModelInfo& model_info() const override { return info_; }
  EngineStats stats() const override;
  void set_step_listener(std::function<void()> listener) override;
  // Takes over max_queued_requests.
  Status change(const EngineOptions& options) override;
  void drain() override;

 private:
  class Stream;
  struct Sequence;

  Status check_room_locked() const;
  void run();
  bool step_locked();
  void advance(Sequence& sequence);

  EngineOptions options_;
  ByteTokenizer tokenizer_;
  ModelInfo info_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, ScriptedAnswer> script_;
  std::deque<Sequence> sequences_;  // in the order of their arrival; the first max_batch_size run
  GenerationRequest last_request_;
  EngineStats stats_;
  Status health_;
  RequestId next_id_ = 1;
  std::chrono::milliseconds step_time_{0};
  std::function<void()> listener_;
  bool draining_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace youtu::test
