// Where the tokens come from that `youtu eval` feeds to a model: a text file, ids on the command
// line, or chance.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/open_model.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

// What is kept of a token is small, but a wrong file should end with a message.
inline constexpr size_t kMaxEvalTextBytes = size_t{16} << 20;
inline constexpr int64_t kMaxEvalTokens = 1 << 20;

struct TokenFlags {
  std::vector<TokenId> tokens;
  std::string text;  // path
  std::optional<int64_t> random_tokens;
  uint64_t seed = 0;
};

// REQUIRES: `flags` outlives the parsing of `command`.
void add_token_flags(CLI::App& command, TokenFlags& flags);

struct EvalTokens {
  std::vector<TokenId> prefix;  // before each window of a text file, where the tokenizer wants it
  std::vector<TokenId> tokens;
};

// Blames a flag (status.param()) for all that is wrong with what it names. Only a model's own
// tokenizer that cannot be used blames the model.
Result<EvalTokens> read_eval_tokens(const TokenFlags& flags, const OpenedModel& opened,
                                    int32_t vocab_size);

}  // namespace youtu
