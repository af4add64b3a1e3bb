// Any bytes through the UTF-8 reader, the detokenizer and the stop matcher: what comes out is
// UTF-8, and cutting the input differently changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "tests/support/byte_vocab.h"
#include "text/detokenizer.h"
#include "text/stop_matcher.h"
#include "text/tokenizer.h"

namespace {

// Ids 0 to 255 are the bytes.
const youtu::Tokenizer& byte_tokenizer() {
  static const auto kTokenizer = *youtu::BpeTokenizer::create(youtu::byte_vocab());
  return *kTokenizer;
}

std::string detokenize(std::string_view bytes) {
  youtu::Detokenizer detokenizer(byte_tokenizer(), true);
  std::string text;
  for (const char byte : bytes) {
    const std::string delta = detokenizer.append(static_cast<uint8_t>(byte));
    CHECK(youtu::is_utf8(delta));
    text += delta;
  }
  return text + detokenizer.finish();
}

// The text before the first stop string, fed in pieces of `step` bytes.
std::string match(const std::vector<std::string>& stops, std::string_view text, size_t step) {
  auto matcher = youtu::StopMatcher::create(stops);
  if (!matcher) return "refused";
  std::string out;
  for (size_t i = 0; i < text.size() && !matcher->matched(); i += step) {
    out += matcher->append(text.substr(i, step));
  }
  return out + matcher->finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string replaced = youtu::replace_invalid_utf8(input);
  CHECK(youtu::is_utf8(replaced));
  CHECK(!youtu::is_utf8(input) || replaced == input);
  CHECK(detokenize(input) == replaced);
  CHECK(youtu::incomplete_utf8_tail(input) <= 3);

  const size_t line = replaced.find('\n');
  const std::string first = replaced.substr(0, line);
  const std::vector<std::string> stops = {first, first.substr(0, first.size() / 2) + "|"};
  const std::string text = line == std::string::npos ? replaced : replaced.substr(line + 1);
  const std::string whole = match(stops, text, text.size() + 1);
  for (const size_t step : {size_t{1}, size_t{3}, size_t{7}})
    CHECK(match(stops, text, step) == whole);

  const auto tokens = byte_tokenizer().encode(input, true);
  CHECK(tokens.is_ok() == youtu::is_utf8(input));
  if (tokens) CHECK(byte_tokenizer().decode(*tokens, false) == input);
  return 0;
}
