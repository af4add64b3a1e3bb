#include "tests/support/scripted_engine.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/check.h"
#include "base/utf8.h"

namespace youtu::test {

namespace {

constexpr TokenId kNumBytes = 256;
// Ids follow the bytes. The first four are control tokens.
constexpr std::array<std::string_view, 6> kAddedTokens = {
    "<|begin|>", "<|System|>", "<|User|>", "<|Assistant|>", "<think>", "</think>"};
constexpr TokenId kBegin = kNumBytes;
constexpr TokenId kUser = kNumBytes + 2;
constexpr TokenId kAssistant = kNumBytes + 3;
constexpr int kNumControl = 4;
constexpr std::chrono::seconds kPatience{20};

std::string role_token(std::string_view role) {
  if (role == "system") return "<|System|>";
  return role == "assistant" ? "<|Assistant|>" : "<|User|>";
}

// The token itself, then the ids behind it, each e times less likely than the one before.
TokenLogprobs scripted_logprobs(TokenId token, int32_t num_ranked) {
  TokenLogprobs logprobs;
  logprobs.drawn = {token, -0.5f};
  logprobs.num_ranked = num_ranked;
  for (int32_t i = 0; i < num_ranked; ++i) {
    logprobs.ranked[static_cast<size_t>(i)] = {token + i, -0.5f - static_cast<float>(i)};
  }
  return logprobs;
}

// The token itself, then the ids behind it, the last of which top_k left out.
TokenExplanation scripted_explanation(TokenId token, int32_t num_candidates) {
  TokenExplanation explanation;
  explanation.drawn = token;
  explanation.num_stages = 2;
  explanation.all_stages[0] = {SamplerStage::kTemperature, kNumBytes};
  explanation.all_stages[1] = {SamplerStage::kTopK, std::max(1, num_candidates - 1)};
  explanation.num_candidates = num_candidates;
  for (int32_t i = 0; i < num_candidates; ++i) {
    ExplainedCandidate& one = explanation.all_candidates[static_cast<size_t>(i)];
    one = {.token = i == 0 ? token : (token + i) % kNumBytes,
           .logprob = -0.5f - static_cast<float>(i)};
    one.probabilities = {0.5f, i == 0 ? 0.75f : 0.0f};
    if (i > 0 && i == num_candidates - 1) one.removed_by = 1;
  }
  return explanation;
}

}  // namespace

// ByteTokenizer.

int32_t ByteTokenizer::vocab_size() const {
  return kNumBytes + static_cast<int32_t>(kAddedTokens.size());
}

std::optional<TokenId> ByteTokenizer::bos_token() const {
  return kBegin;
}

std::span<const TokenId> ByteTokenizer::eos_tokens() const {
  static constexpr std::array<TokenId, 1> kEnd = {kUser};
  return kEnd;
}

bool ByteTokenizer::is_control(TokenId token) const {
  return token >= kNumBytes && token < kNumBytes + kNumControl;
}

std::string_view ByteTokenizer::token_bytes(TokenId token) const {
  static const std::string bytes = [] {
    std::string all;
    for (int b = 0; b < kNumBytes; ++b) all.push_back(static_cast<char>(b));
    return all;
  }();
  if (token < kNumBytes) return std::string_view(bytes).substr(static_cast<size_t>(token), 1);
  return kAddedTokens[static_cast<size_t>(token - kNumBytes)];
}

std::optional<TokenId> ByteTokenizer::find_token(std::string_view content) const {
  const auto found = std::find(kAddedTokens.begin(), kAddedTokens.end(), content);
  if (found == kAddedTokens.end()) return std::nullopt;
  return kNumBytes + static_cast<TokenId>(found - kAddedTokens.begin());
}

Result<std::vector<TokenId>> ByteTokenizer::encode(std::string_view text, bool trusted) const {
  if (!is_utf8(text)) return Status::invalid_argument("text is not UTF-8", {}, "invalid_utf8");
  std::vector<TokenId> tokens;
  while (!text.empty()) {
    const auto added =
        std::find_if(kAddedTokens.begin(), kAddedTokens.end(),
                     [text](std::string_view token) { return text.starts_with(token); });
    if (trusted && added != kAddedTokens.end()) {
      tokens.push_back(*find_token(*added));
      text.remove_prefix(added->size());
    } else {
      tokens.push_back(static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
    }
  }
  return tokens;
}

Result<std::vector<TokenId>> ByteTokenizer::encode_prompt(std::string_view text) const {
  Result<std::vector<TokenId>> tokens = encode(text, false);
  if (tokens) tokens->insert(tokens->begin(), kBegin);
  return tokens;
}

std::string ByteTokenizer::decode(std::span<const TokenId> tokens, bool skip_control) const {
  std::string text;
  for (const TokenId token : tokens) {
    if (!skip_control || !is_control(token)) text += token_bytes(token);
  }
  return replace_invalid_utf8(text);
}

Result<std::vector<PromptSegment>> ByteTokenizer::render_chat(std::span<const ChatMessage> messages,
                                                              const ChatOptions& options) const {
  std::vector<PromptSegment> segments = {{"<|begin|>", true}};
  for (const std::string& tool : options.tools) segments.push_back({"TOOL " + tool, false});
  for (const ChatMessage& message : messages) {
    segments.push_back({role_token(message.role), true});
    segments.push_back({message.content, false});
    for (const ToolCall& call : message.tool_calls) {
      segments.push_back({"CALL " + call.name + call.arguments, false});
    }
  }
  if (!options.add_generation_prompt) return segments;
  segments.push_back({"<|Assistant|>", true});
  if (options.enable_thinking == false) segments.push_back({"<think>\n\n</think>\n\n", true});
  return segments;
}

Result<std::vector<TokenId>> ByteTokenizer::encode_chat(std::span<const ChatMessage> messages,
                                                        const ChatOptions& options) const {
  const Result<std::vector<PromptSegment>> segments = render_chat(messages, options);
  RETURN_IF_ERROR(segments);
  std::vector<TokenId> prompt;
  for (const PromptSegment& segment : *segments) {
    const Result<std::vector<TokenId>> tokens = encode(segment.text, segment.trusted);
    RETURN_IF_ERROR(tokens);
    prompt.insert(prompt.end(), tokens->begin(), tokens->end());
  }
  return prompt;
}

std::string ByteTokenizer::last_user_content(std::span<const TokenId> prompt) const {
  const auto last = std::find(prompt.rbegin(), prompt.rend(), kUser);
  auto begin = last == prompt.rend() ? prompt.begin() : last.base();
  if (begin != prompt.end() && *begin == kBegin) ++begin;
  const auto end = std::find(begin, prompt.end(), kAssistant);
  return decode({begin, end}, false);
}

// ScriptedEngine.

class ScriptedEngine::Stream : public GenerationStream {
 public:
  explicit Stream(RequestId id) : id_(id) {}
  RequestId id() const override { return id_; }
  std::optional<GenerationEvent> try_next() override {
    const std::lock_guard lock(mutex_);
    return pop();
  }
  std::optional<GenerationEvent> wait_next(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, timeout, [this] { return !events_.empty(); });
    return pop();
  }
  void cancel() override { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }
  void push(GenerationEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_all();
  }
  size_t num_unread() {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }

 private:
  std::optional<GenerationEvent> pop() {
    if (events_.empty()) return std::nullopt;
    GenerationEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  const RequestId id_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<GenerationEvent> events_;
};

struct ScriptedEngine::Sequence {
  std::shared_ptr<Stream> stream;
  ScriptedAnswer answer;
  int64_t max_new_tokens = 0;
  std::optional<int32_t> top_logprobs;
  int32_t explain_tokens = 0;
  Usage usage;
  size_t next_piece = 0;
  bool finished = false;
};

ScriptedEngine::ScriptedEngine(Pace pace, EngineOptions options) : options_(std::move(options)) {
  info_.name = "Scripted";
  info_.architecture = "none";
  info_.context_length = options_.max_context_tokens;
  info_.vocab_size = tokenizer_.vocab_size();
  if (pace == Pace::kFree) thread_ = std::thread([this] { run(); });
}

ScriptedEngine::~ScriptedEngine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Sequence& sequence : sequences_) {
      GenerationEvent last;
      last.finish_reason = FinishReason::kCancelled;
      sequence.stream->push(std::move(last));
    }
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ScriptedEngine::answer(std::string prompt, ScriptedAnswer answer) {
  const std::lock_guard lock(mutex_);
  script_[std::move(prompt)] = std::move(answer);
}

void ScriptedEngine::set_step_time(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  step_time_ = time;
}

Status ScriptedEngine::check_room() const {
  const std::lock_guard lock(mutex_);
  return check_room_locked();
}

Status ScriptedEngine::check_room_locked() const {
  if (draining_) return Status::unavailable("the engine is draining");
  const auto num_here = std::count_if(sequences_.begin(), sequences_.end(),
                                      [](const Sequence& one) { return !one.stream->cancelled(); });
  if (num_here < options_.max_batch_size + options_.max_queued_requests) return Status::ok();
  return Status::resource_exhausted("the queue is full", "queue_full");
}

Result<GenerationHandle> ScriptedEngine::submit(GenerationRequest request) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sequences_, [](const Sequence& gone) { return gone.stream->cancelled(); });
  RETURN_IF_ERROR(check_room_locked());
  const auto num_prompt = static_cast<int64_t>(request.prompt_tokens.size());
  if (num_prompt + request.sampling.max_new_tokens > options_.max_context_tokens) {
    return Status::invalid_argument("prompt (" + std::to_string(num_prompt) +
                                        " tokens) and max_new_tokens exceed " +
                                        std::to_string(options_.max_context_tokens),
                                    "max_new_tokens", "context_length_exceeded");
  }
  if (request.output_format) RETURN_IF_ERROR(check_output_format(*request.output_format));
  const std::string prompt = tokenizer_.last_user_content(request.prompt_tokens);
  const auto scripted = script_.find(prompt);
  Sequence sequence;
  sequence.stream = std::make_shared<Stream>(next_id_++);
  if (scripted != script_.end()) {
    sequence.answer = scripted->second;
  } else {
    sequence.answer.pieces = {"You said: ", prompt};
  }
  sequence.max_new_tokens = request.sampling.max_new_tokens;
  sequence.top_logprobs = request.sampling.top_logprobs;
  sequence.explain_tokens = request.sampling.explain_tokens;
  sequence.usage.prompt_tokens = num_prompt;
  GenerationHandle handle(sequence.stream);
  sequences_.push_back(std::move(sequence));
  last_request_ = std::move(request);
  changed_.notify_all();
  return handle;
}

void ScriptedEngine::advance(Sequence& sequence) {
  GenerationEvent event;
  const ScriptedAnswer& answer = sequence.answer;
  if (!answer.pieces.empty()) {
    event.text = answer.pieces[sequence.next_piece % answer.pieces.size()];
    event.tokens = {event.text.empty() ? 0 : static_cast<unsigned char>(event.text.front())};
    ++sequence.next_piece;
    ++sequence.usage.completion_tokens;
    ++stats_.completion_tokens;
  }
  const bool complete = !answer.endless && sequence.next_piece >= answer.pieces.size();
  if (complete) {
    event.finish_reason = answer.finish_reason;
    event.status = answer.error;
  } else if (sequence.usage.completion_tokens >= sequence.max_new_tokens) {
    event.finish_reason = FinishReason::kLength;
  }
  if (event.finish_reason == FinishReason::kEndOfSequence) event.tokens.push_back(kUser);
  if (sequence.top_logprobs) {
    for (const TokenId token : event.tokens) {
      event.logprobs.push_back(scripted_logprobs(token, *sequence.top_logprobs));
    }
  }
  if (sequence.explain_tokens > 0) {
    for (const TokenId token : event.tokens) {
      event.explanations.push_back(scripted_explanation(token, sequence.explain_tokens));
    }
  }
  event.usage = sequence.usage;
  sequence.finished = event.finish_reason != FinishReason::kNone;
  if (sequence.finished) ++stats_.requests_finished;
  sequence.stream->push(std::move(event));
}

// True if anything was done. A model takes its time for a token; this engine would fill the memory
// while a reader stands still, so it waits for readers, unless a test drives the steps.
bool ScriptedEngine::step_locked() {
  constexpr size_t kMaxUnreadEvents = 64;
  bool advanced = false;
  std::erase_if(sequences_, [](const Sequence& sequence) { return sequence.stream->cancelled(); });
  if (sequences_.empty()) return false;
  const size_t batch = std::min(sequences_.size(), static_cast<size_t>(options_.max_batch_size));
  for (size_t i = 0; i < batch; ++i) {
    if (thread_.joinable() && sequences_[i].stream->num_unread() >= kMaxUnreadEvents) continue;
    advance(sequences_[i]);
    advanced = true;
  }
  std::erase_if(sequences_, [](const Sequence& sequence) { return sequence.finished; });
  stats_.steps += advanced;
  return advanced;
}

void ScriptedEngine::step() {
  CHECK(!thread_.joinable());
  {
    const std::lock_guard lock(mutex_);
    step_locked();
  }
  changed_.notify_all();
  if (listener_) listener_();
}

void ScriptedEngine::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!step_locked()) {
      changed_.notify_all();
      if (sequences_.empty()) {
        changed_.wait(lock);
      } else {
        changed_.wait_for(lock, std::chrono::milliseconds(1));  // for a reader
      }
      continue;
    }
    lock.unlock();
    if (listener_) listener_();
    std::this_thread::sleep_for(step_time_);
    lock.lock();
  }
}

bool ScriptedEngine::wait_for_requests(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience,
                           [&] { return static_cast<int>(sequences_.size()) == count; });
}

GenerationRequest ScriptedEngine::last_request() const {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

Status ScriptedEngine::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void ScriptedEngine::set_health(Status health) {
  const std::lock_guard lock(mutex_);
  health_ = std::move(health);
}

EngineStats ScriptedEngine::stats() const {
  const std::lock_guard lock(mutex_);
  EngineStats stats = stats_;
  for (const Sequence& sequence : sequences_) {
    if (!sequence.stream->cancelled()) ++stats.requests_running;
  }
  return stats;
}

void ScriptedEngine::set_step_listener(std::function<void()> listener) {
  listener_ = std::move(listener);
}

Status ScriptedEngine::change(const EngineOptions& options) {
  const std::lock_guard lock(mutex_);
  options_.max_queued_requests = options.max_queued_requests;
  return Status::ok();
}

void ScriptedEngine::drain() {
  std::unique_lock lock(mutex_);
  draining_ = true;
  changed_.wait(lock, [this] { return sequences_.empty() || stopping_; });
}

}  // namespace youtu::test
