#include "engine/sliding_window.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace youtu {

namespace {

Status refuse(const std::string& message) {
  return Status::invalid_argument(message, "window", "out_of_range");
}

}  // namespace

Status check_window(const SlidingWindow& window, std::span<const TokenId> prompt) {
  const size_t num_bytes = window.conversation.size();
  if (num_bytes == 0 || num_bytes > kMaxConversationBytes || !is_utf8(window.conversation)) {
    return refuse(fmt::format("the window's conversation has {} bytes (1 to {}, UTF-8)", num_bytes,
                              kMaxConversationBytes));
  }
  const std::span<const TokenId> earlier(window.earlier);
  const auto num_prompt = static_cast<int64_t>(prompt.size());
  const int64_t pinned = window.num_pinned, dropped = window.num_dropped;
  if (earlier.empty() && pinned == 0 && dropped == 0) return Status::ok();
  if (pinned < 0 || pinned > num_prompt || dropped < 1 ||
      static_cast<int64_t>(earlier.size()) - num_prompt != dropped) {
    return refuse(
        fmt::format("the window's earlier prompt has {} tokens and the prompt {}, which does not "
                    "fit {} pinned and {} dropped ones",
                    earlier.size(), num_prompt, pinned, dropped));
  }
  const auto head = static_cast<size_t>(pinned), gap = static_cast<size_t>(dropped);
  if (!std::ranges::equal(earlier.first(head), prompt.first(head)) ||
      !std::ranges::equal(earlier.subspan(head + gap), prompt.subspan(head))) {
    return refuse("the window's earlier prompt is not the prompt with more at one place");
  }
  return Status::ok();
}

// A byte that no UTF-8 has parts the two, so that none of them can be taken for both.
std::string window_salt(const SlidingWindow& window, std::string_view cache_salt) {
  std::string salt = window.conversation;
  salt.append("\xff").append(cache_salt);
  return salt;
}

std::optional<EarlierPrompt> earlier_prompt_of(const SlidingWindow& window,
                                               std::string_view cache_salt,
                                               std::string_view window_salt) {
  if (window.earlier.empty()) return std::nullopt;
  return EarlierPrompt{
      .tokens = {window.is_earlier_whole ? cache_salt : window_salt, window.earlier},
      .num_pinned = window.num_pinned,
      .num_dropped = window.num_dropped};
}

}  // namespace youtu
