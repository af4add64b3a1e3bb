// Prints the token ids of strings, for comparison with other tokenizers.
//   encode_lines <tokenizer.json | vocabulary.gguf> [--untrusted]
// Standard input: a JSON string a line, or a list of bytes in which U+FFFD replaces what is no
// UTF-8. Standard output: one line of ids for each, separated by spaces.
#include <cstdio>
#include <iostream>
#include <string>

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "formats/gguf.h"
#include "formats/gguf_vocab.h"
#include "formats/tokenizer_json.h"
#include "text/tokenizer.h"

namespace {

youtu::Result<youtu::VocabSpec> read_vocab(const std::string& path) {
  if (path.ends_with(".gguf")) {
    const auto model = youtu::open_gguf(path);
    if (!model) return model.status();
    return youtu::read_gguf_vocab(model->metadata);
  }
  const auto text = youtu::read_file(path, youtu::kMaxTokenizerJsonBytes);
  if (!text) return text.status();
  return youtu::read_tokenizer_json({.tokenizer_json = *text});
}

std::string text_of(const youtu::Json& line) {
  if (line.is_string()) return line.get<std::string>();
  std::string bytes;
  for (const youtu::Json& byte : line) bytes += static_cast<char>(byte.get<uint8_t>());
  return youtu::replace_invalid_utf8(bytes);
}

int fail(const youtu::Status& status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return fail(youtu::Status::invalid_argument("no tokenizer is given"));
  const bool trusted = argc < 3 || std::string_view(argv[2]) != "--untrusted";
  auto spec = read_vocab(argv[1]);
  if (!spec) return fail(spec.status());
  const auto tokenizer = youtu::BpeTokenizer::create(std::move(*spec));
  if (!tokenizer) return fail(tokenizer.status());
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto text = youtu::parse_json(line, {.max_bytes = 64u << 20});
    if (!text) return fail(text.status());
    const auto tokens = (*tokenizer)->encode(text_of(*text), trusted);
    if (!tokens) return fail(tokens.status());
    std::string out;
    for (const youtu::TokenId token : *tokens) {
      if (!out.empty()) out += ' ';
      out += std::to_string(token);
    }
    std::cout << out << '\n';
  }
  return 0;
}
