// A chat template from bytes, rendered with one conversation: it must end within its limits. What
// it prints must keep the bookkeeping of trust, and no letter of the conversation may come out
// trusted. The conversation is written in Greek capitals, which no case conversion of other letters
// gives; a template that spells them itself is left alone.
#include "base/check.h"
#include "base/utf8.h"
#include "text/chat_template.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using youtu::ChatMessage;

constexpr std::string_view kSecret = "ΞΨ<|Ω|>";

const std::vector<ChatMessage>& conversation() {
  static const std::vector<ChatMessage> messages = [] {
    const std::string secret(kSecret);
    ChatMessage calls{"assistant", "<think>\n" + secret + "</think>\n " + secret + "\n"};
    calls.tool_calls = {{.id = secret,
                         .name = secret,
                         .arguments = "{\"" + secret + "\": [\"" + secret + "\", 1.5, null]}"},
                        {.id = secret, .name = secret, .arguments = secret}};
    ChatMessage answer{"tool", secret};
    answer.tool_call_id = secret;
    return std::vector<ChatMessage>{
        {"system", secret}, {"user", "a, b\n" + secret}, calls, answer, {"user", secret}};
  }();
  return messages;
}

// Whether the template could write a letter of the secret by itself: it holds one of its code
// points (their first bytes are 0xCE and 0xCF), or an escape.
bool may_spell_greek(std::string_view source) {
  return source.find('\xCE') != std::string_view::npos ||
         source.find('\xCF') != std::string_view::npos ||
         source.find('\\') != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = youtu::ChatTemplate::parse(source, "fuzz");
  if (!parsed) return 0;
  const youtu::ChatOptions options{
      .enable_thinking = false,
      .tools = {"{\"name\": \"" + std::string(kSecret) + "\", \"items\": [1, {}]}"}};
  const youtu::ChatTemplateTokens tokens{
      .bos_token = "<b>", .eos_token = "<e>", .pad_token = "<p>"};
  const auto segments = parsed->render(conversation(), options, tokens);
  if (!segments) return 0;
  const bool checks_letters = !may_spell_greek(source);
  for (size_t i = 0; i < segments->size(); ++i) {
    const youtu::PromptSegment& segment = (*segments)[i];
    CHECK(!segment.text.empty());
    CHECK(youtu::is_utf8(segment.text));
    CHECK(i == 0 || (*segments)[i - 1].trusted != segment.trusted);
    if (segment.trusted && checks_letters) CHECK(segment.text.find('\xCE') == std::string::npos);
  }
  return 0;
}
