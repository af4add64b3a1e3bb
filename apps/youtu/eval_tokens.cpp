#include "eval_tokens.h"

#include <cmath>

#include "base/check.h"
#include "base/mapped_file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/tokenizer.h"

namespace youtu {

namespace {

Result<std::string> read_text(const std::string& path) {
  auto text = read_file(path, kMaxEvalTextBytes);
  if (!text) return Status(text.status().code(), text.status().message(), "text");
  if (text->empty()) {
    return Status::invalid_argument(path + ": is empty (at least 2 tokens are needed)", "text");
  }
  if (const size_t bad = find_invalid_utf8(*text); bad != std::string::npos) {
    return Status::invalid_argument(path + ": is not UTF-8 (byte " + std::to_string(bad) + " of " +
                                        std::to_string(text->size()) + ")",
                                    "text");
  }
  return text;
}

Result<EvalTokens> encode_text(const std::string& path, const OpenedModel& opened) {
  const auto text = read_text(path);
  RETURN_IF_ERROR(text);
  if (!opened.has_vocab) {
    return Status::invalid_argument(
        opened.path + ": has no tokenizer for --text (--tokens and --random-tokens need none)",
        "text");
  }
  const auto tokenizer = BpeTokenizer::create(opened.vocab);
  if (!tokenizer) return tokenizer.status().with_prefix(opened.path + ": tokenizer: ");
  auto prefix = (*tokenizer)->encode_prompt("");
  RETURN_IF_ERROR(prefix);
  auto tokens = (*tokenizer)->encode(*text, /*trusted=*/false);
  if (!tokens) {
    return Status::invalid_argument(path + ": " + tokens.status().message(), "text");
  }
  if (tokens->size() < 2) {
    return Status::invalid_argument(
        path + ": is " + std::to_string(tokens->size()) + " tokens long (at least 2 are needed)",
        "text");
  }
  return EvalTokens{*std::move(prefix), *std::move(tokens)};
}

std::vector<TokenId> draw_tokens(int64_t count, uint64_t seed, int32_t vocab_size) {
  std::vector<TokenId> tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(
        static_cast<TokenId>(random_unit(seed, static_cast<uint64_t>(i)) * vocab_size));
  }
  return tokens;
}

}  // namespace

void add_token_flags(CLI::App& command, TokenFlags& flags) {
  command.add_option("--tokens", flags.tokens, "Token ids, separated by commas")->delimiter(',');
  command.add_option("--text", flags.text,
                     "A UTF-8 file of up to 16 MiB and 1048576 tokens, encoded by the model's "
                     "tokenizer without the chat template");
  CLI::Option* random =
      command.add_option("--random-tokens", flags.random_tokens,
                         "So many tokens drawn from the vocabulary (1 to 1048576)");
  random->check(CLI::Range(int64_t{1}, kMaxEvalTokens));
  command.add_option("--seed", flags.seed, "Of --random-tokens")
      ->capture_default_str()
      ->needs(random);
}

Result<EvalTokens> read_eval_tokens(const TokenFlags& flags, const OpenedModel& opened,
                                    int32_t vocab_size) {
  const int num_sources =
      int{!flags.tokens.empty()} + int{!flags.text.empty()} + int{flags.random_tokens.has_value()};
  if (num_sources != 1) {
    return Status::invalid_argument("one of --tokens, --text and --random-tokens is needed",
                                    "tokens");
  }
  EvalTokens result{{}, flags.tokens};
  if (flags.random_tokens)
    result.tokens = draw_tokens(*flags.random_tokens, flags.seed, vocab_size);
  if (!flags.text.empty()) {
    auto encoded = encode_text(flags.text, opened);
    RETURN_IF_ERROR(encoded);
    result = *std::move(encoded);
  }
  if (static_cast<int64_t>(result.tokens.size()) > kMaxEvalTokens) {
    return Status::invalid_argument(std::to_string(result.tokens.size()) + " tokens (at most " +
                                        std::to_string(kMaxEvalTokens) + ")",
                                    "tokens");
  }
  return result;
}

}  // namespace youtu
