// tokenizer.json from outside: reading it, and building and using the tokenizer that it describes.
// Whatever the file says, untrusted text must not become an added token.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "formats/tokenizer_json.h"
#include "text/tokenizer.h"

namespace {

void use(const youtu::Tokenizer& tokenizer, const std::vector<youtu::AddedToken>& added) {
  constexpr std::string_view kText = "Newton's 1st law\n\n\u725b\u987f \u00e9\u0301\t<s>";
  const auto plain = tokenizer.encode(kText, false);
  std::string all(kText);
  for (const youtu::AddedToken& token : added) {
    if (all.size() < 4096) all += token.content + " ";
  }
  (void)tokenizer.encode(all, true);
  const auto untrusted = tokenizer.encode(all, false);
  if (!untrusted) return;
  for (const youtu::TokenId id : *untrusted) {
    for (const youtu::AddedToken& token : added) CHECK(id != token.id);
  }
  (void)tokenizer.decode(*untrusted, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Up to a line with "%%" the input is tokenizer.json, after it tokenizer_config.json.
  constexpr std::string_view kBorder = "\n%%\n";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t border = input.find(kBorder);
  youtu::TokenizerFiles files{.tokenizer_json = input.substr(0, border)};
  if (border != input.npos) files.tokenizer_config_json = input.substr(border + kBorder.size());
  auto spec = youtu::read_tokenizer_json(files);
  if (!spec) return 0;
  spec->chat_template.clear();  // templates have a fuzz target of their own
  const auto added = spec->added_tokens;
  const auto tokenizer = youtu::BpeTokenizer::create(std::move(*spec));
  if (tokenizer) use(**tokenizer, added);
  return 0;
}
