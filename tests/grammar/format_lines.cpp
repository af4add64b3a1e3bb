// Formats for tests that look at them from outside: JSON lines in, JSON lines out.
//   format_lines <tokenizer.json>
// {"kind": "json_schema", "text": "...", "seed": 7}    -> {"text": "...", "complete": true}
//   A random walk: of the tokens that the format allows any one, and again, to its end.
// {"kind": ..., "text": ..., "value": "..."}           -> {"accepts": true}
//   Whether a text has the format, as the tokenizer's own tokens.
// A format that is refused answers {"error": "...", "reason": "..."}.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/tokenizer_json.h"
#include "grammar/format_compiler.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

constexpr size_t kMaxWalkTokens = 2000;
// A walk that only took what comes would hardly ever close a string; so it closes what it can in so
// many of 100 cases.
constexpr uint32_t kPercentClosing = 40;

OutputFormat::Kind kind_of(const std::string& name) {
  if (name == "json_object") return OutputFormat::Kind::kJsonObject;
  if (name == "json_schema") return OutputFormat::Kind::kJsonSchema;
  if (name == "regex") return OutputFormat::Kind::kRegex;
  if (name == "choice") return OutputFormat::Kind::kChoice;
  return OutputFormat::Kind::kGrammar;
}

class FormatLines {
 public:
  explicit FormatLines(std::shared_ptr<const Tokenizer> tokenizer)
      : tokenizer_(std::move(tokenizer)), compiler_(*tokenizer_) {}

  Json answer(const Json& line) {
    OutputFormat format = {.kind = kind_of(line.at("kind"))};
    if (line.contains("text")) format.text = line["text"];
    if (line.contains("choices")) format.choices = line["choices"];
    if (line.contains("after")) format.after = line["after"];
    const auto compiled = compiler_.compile(format);
    if (!compiled) {
      return {{"error", compiled.status().message()}, {"reason", compiled.status().reason()}};
    }
    if (line.contains("value")) return accepts(**compiled, line["value"]);
    return walk(**compiled, line.value("seed", 0u));
  }

 private:
  Json accepts(CompiledFormat& format, const std::string& text) {
    const auto tokens = tokenizer_->encode(text, false);
    if (!tokens) return {{"error", tokens.status().message()}};
    std::vector<TokenId> completion;
    FormatCursor cursor;
    for (const TokenId token : *tokens) {
      format.follow(cursor, completion);
      const auto mask = format.mask(cursor);
      if (!mask || !(*mask)->allows(token)) return {{"accepts", false}, {"at", completion.size()}};
      completion.push_back(token);
    }
    format.follow(cursor, completion);
    return {{"accepts", format.is_complete(cursor)}};
  }

  Json walk(CompiledFormat& format, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<TokenId> completion;
    FormatCursor cursor;
    const TokenId end = tokenizer_->eos_tokens().front();
    while (completion.size() < kMaxWalkTokens) {
      format.follow(cursor, completion);
      const auto mask = format.mask(cursor);
      if (!mask) return {{"error", mask.status().message()}, {"reason", mask.status().reason()}};
      if ((*mask)->allows(end) && ((*mask)->count() == 1 || random() % 2 == 0)) break;
      completion.push_back(pick(**mask, random));
    }
    format.follow(cursor, completion);
    return {{"text", tokenizer_->decode(completion, true)},
            {"complete", format.is_complete(cursor)}};
  }

  TokenId pick(const TokenMask& mask, std::mt19937& random) {
    if (random() % 100 < kPercentClosing) {
      std::vector<TokenId> closing;
      for (const char* text : {"\"", "}", "]", "0", "null"}) {
        const auto token = tokenizer_->find_token(text);
        if (token && mask.allows(*token)) closing.push_back(*token);
      }
      if (!closing.empty()) return closing[random() % closing.size()];
    }
    const auto is_possible = [&](TokenId token) {
      return mask.allows(token) && !tokenizer_->is_control(token);
    };
    // A token at random is mostly not allowed where few are, so then they are counted out.
    for (int i = 0; i < 64; ++i) {
      const auto token =
          static_cast<TokenId>(random() % static_cast<uint32_t>(tokenizer_->vocab_size()));
      if (is_possible(token)) return token;
    }
    std::vector<TokenId> possible;
    for (TokenId token = 0; token < tokenizer_->vocab_size(); ++token) {
      if (is_possible(token)) possible.push_back(token);
    }
    return possible[random() % possible.size()];
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  FormatCompiler compiler_;
};

int fail(const Status& status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  return 1;
}

int run(const std::string& path) {
  const auto text = read_file(path, kMaxTokenizerJsonBytes);
  if (!text) return fail(text.status());
  auto spec = read_tokenizer_json({.tokenizer_json = *text});
  if (!spec) return fail(spec.status());
  if (spec->eos_ids.empty()) spec->eos_ids = {spec->added_tokens.front().id};
  auto tokenizer = BpeTokenizer::create(*std::move(spec));
  if (!tokenizer) return fail(tokenizer.status());
  FormatLines lines(*std::move(tokenizer));
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto request = parse_json(line);
    if (!request) return fail(request.status());
    std::printf("%s\n", dump_json(lines.answer(*request)).c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace youtu

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: format_lines <tokenizer.json>\n");
    return 2;
  }
  return youtu::run(argv[1]);
}
