#include "text/tokenizer.h"

#include "base/check.h"
#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include "text/chat_template.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace youtu {

namespace {

Status id_error(std::string_view part, std::string_view name, TokenId id, size_t vocab_size) {
  return Status::invalid_argument(std::string(part) + ": " + std::string(name) + " has the id " +
                                  std::to_string(id) + " (0 to " + std::to_string(vocab_size - 1) +
                                  ")");
}

Status check_added_token(const AddedToken& token) {
  const std::string id = std::to_string(token.id);
  if (token.id < 0 || static_cast<size_t>(token.id) >= kMaxVocabSize) {
    return id_error("added_tokens", "an added token", token.id, kMaxVocabSize);
  }
  if (token.content.empty() || token.content.size() > kMaxAddedTokenBytes) {
    return Status::invalid_argument("added_tokens: the content of id " + id + " has " +
                                    std::to_string(token.content.size()) + " bytes (1 to " +
                                    std::to_string(kMaxAddedTokenBytes) + ")");
  }
  if (!is_utf8(token.content)) {
    return Status::invalid_argument("added_tokens: the content of id " + id + " is not UTF-8");
  }
  return {};
}

// The number of ids, after a look at everything that has one.
Result<size_t> check_ids(const VocabSpec& spec) {
  if (spec.pieces.empty()) return Status::invalid_argument("vocab: there are no pieces");
  if (spec.pieces.size() > kMaxVocabSize || spec.added_tokens.size() > kMaxAddedTokens ||
      spec.merges.size() > kMaxMerges) {
    return Status::invalid_argument(
        "vocab: " + std::to_string(spec.pieces.size()) + " pieces, " +
        std::to_string(spec.added_tokens.size()) + " added tokens, " +
        std::to_string(spec.merges.size()) + " merges (at most " + std::to_string(kMaxVocabSize) +
        ", " + std::to_string(kMaxAddedTokens) + ", " + std::to_string(kMaxMerges) + ")");
  }
  size_t size = spec.pieces.size();
  for (const std::string& piece : spec.pieces) {
    if (piece.size() > kMaxPieceBytes) {
      return Status::invalid_argument("vocab: a piece of " + std::to_string(piece.size()) +
                                      " bytes (at most " + std::to_string(kMaxPieceBytes) + ")");
    }
  }
  for (const AddedToken& token : spec.added_tokens) {
    RETURN_IF_ERROR(check_added_token(token));
    size = std::max(size, static_cast<size_t>(token.id) + 1);
  }
  const auto in_range = [size](TokenId id) { return id >= 0 && static_cast<size_t>(id) < size; };
  if (spec.bos_id && !in_range(*spec.bos_id)) return id_error("vocab", "bos", *spec.bos_id, size);
  if (spec.pad_id && !in_range(*spec.pad_id)) return id_error("vocab", "pad", *spec.pad_id, size);
  for (const TokenId id : spec.eos_ids) {
    if (!in_range(id)) return id_error("vocab", "eos", id, size);
  }
  for (const TokenId id : spec.prompt_prefix) {
    if (!in_range(id)) return id_error("post_processor", "a token", id, size);
  }
  return size;
}

// Each added token has one id and one content of its own, also beside the pieces.
Status check_added_tokens(const VocabSpec& spec) {
  std::unordered_map<std::string_view, TokenId> by_content;
  std::unordered_set<TokenId> ids;
  for (const AddedToken& token : spec.added_tokens) {
    const std::string id = std::to_string(token.id);
    if (!ids.insert(token.id).second) {
      return Status::invalid_argument("added_tokens: the id " + id + " appears twice");
    }
    if (!by_content.emplace(token.content, token.id).second) {
      return Status::invalid_argument("added_tokens: the content of id " + id + " appears twice");
    }
    const auto index = static_cast<size_t>(token.id);
    if (index < spec.pieces.size() && !spec.pieces[index].empty() &&
        spec.pieces[index] != token.content) {
      return Status::invalid_argument("added_tokens: the id " + id + " is another piece in vocab");
    }
  }
  for (size_t id = 0; id < spec.pieces.size(); ++id) {
    const auto it = by_content.find(spec.pieces[id]);
    if (it != by_content.end() && static_cast<size_t>(it->second) != id) {
      return Status::invalid_argument("added_tokens: the content of id " +
                                      std::to_string(it->second) + " has the id " +
                                      std::to_string(id) + " in vocab");
    }
  }
  return {};
}

// Added tokens that are matched in normalized text, as they look there.
Result<std::vector<AddedToken>> normalized_contents(std::vector<AddedToken> tokens,
                                                    const Normalizer& normalizer) {
  std::unordered_set<std::string> seen;
  for (AddedToken& token : tokens) {
    auto content = normalizer.apply(token.content);
    RETURN_IF_ERROR(content);
    token.content = std::move(*content);
    if (token.content.empty() || !seen.insert(token.content).second) {
      return Status::invalid_argument("added_tokens: after normalization the content of id " +
                                      std::to_string(token.id) + " is empty or appears twice");
    }
  }
  return tokens;
}

}  // namespace

BpeTokenizer::BpeTokenizer(Normalizer normalizer, PreTokenizer pre_tokenizer,
                           BytePairEncoder encoder, AddedTokenMatcher raw,
                           AddedTokenMatcher normalized)
    : normalizer_(std::move(normalizer)),
      pre_tokenizer_(std::move(pre_tokenizer)),
      encoder_(std::move(encoder)),
      raw_tokens_(std::move(raw)),
      normalized_tokens_(std::move(normalized)) {}

BpeTokenizer::~BpeTokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> BpeTokenizer::create(VocabSpec spec) {
  const auto size = check_ids(spec);
  RETURN_IF_ERROR(size);
  RETURN_IF_ERROR(check_added_tokens(spec));
  spec.pieces.resize(*size);
  std::vector<bool> forbidden(*size, false);
  for (const AddedToken& token : spec.added_tokens) forbidden[static_cast<size_t>(token.id)] = true;

  auto normalizer = Normalizer::create(spec.normalizer);
  RETURN_IF_ERROR(normalizer);
  auto pre_tokenizer = PreTokenizer::create(spec.pre_tokenizer);
  RETURN_IF_ERROR(pre_tokenizer);
  auto encoder = BytePairEncoder::create(spec.pieces, spec.merges, spec.ignore_merges, forbidden);
  RETURN_IF_ERROR(encoder);
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  for (const AddedToken& token : spec.added_tokens) {
    (token.normalized ? normalized : raw).push_back(token);
  }
  auto contents = normalized_contents(std::move(normalized), *normalizer);
  RETURN_IF_ERROR(contents);

  // make_shared cannot see the private constructor.
  std::shared_ptr<BpeTokenizer> tokenizer(
      new BpeTokenizer(std::move(*normalizer), std::move(*pre_tokenizer), std::move(*encoder),
                       AddedTokenMatcher(std::move(raw)), AddedTokenMatcher(std::move(*contents))));
  tokenizer->fill_tables(spec);
  RETURN_IF_ERROR(tokenizer->fill_chat_template(spec));
  return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
}

void BpeTokenizer::fill_tables(const VocabSpec& spec) {
  bytes_.resize(spec.pieces.size());
  control_.resize(spec.pieces.size());
  for (size_t id = 0; id < spec.pieces.size(); ++id) {
    // A piece with characters outside of the byte alphabet is text itself, as Hugging Face's
    // decoder has it.
    bytes_[id] = bytes_of_piece(spec.pieces[id]).value_or(spec.pieces[id]);
  }
  for (const AddedToken& token : spec.added_tokens) {
    bytes_[static_cast<size_t>(token.id)] = token.content;
    control_[static_cast<size_t>(token.id)] = token.control;
    added_by_content_.emplace(token.content, token.id);
  }
  prompt_prefix_ = spec.prompt_prefix;
  bos_id_ = spec.bos_id;
  pad_id_ = spec.pad_id;
  for (const TokenId id : spec.eos_ids) {
    if (std::find(eos_ids_.begin(), eos_ids_.end(), id) == eos_ids_.end()) eos_ids_.push_back(id);
    control_[static_cast<size_t>(id)] = true;
  }
  for (const auto& id : {bos_id_, pad_id_}) {
    if (id) control_[static_cast<size_t>(*id)] = true;
  }
}

Status BpeTokenizer::fill_chat_template(const VocabSpec& spec) {
  if (spec.chat_template.empty()) return {};
  auto parsed = ChatTemplate::parse(spec.chat_template, spec.chat_template_name);
  RETURN_IF_ERROR(parsed);
  chat_template_ = std::make_unique<const ChatTemplate>(std::move(*parsed));
  return {};
}

bool BpeTokenizer::is_control(TokenId token) const {
  return token >= 0 && token < vocab_size() && control_[static_cast<size_t>(token)];
}

std::string_view BpeTokenizer::token_bytes(TokenId token) const {
  if (token < 0 || token >= vocab_size()) return {};
  return bytes_[static_cast<size_t>(token)];
}

std::optional<TokenId> BpeTokenizer::find_token(std::string_view content) const {
  const auto it = added_by_content_.find(std::string(content));
  if (it != added_by_content_.end()) return it->second;
  return encoder_.find(content);
}

std::string BpeTokenizer::content_of(std::optional<TokenId> token) const {
  return token ? std::string(token_bytes(*token)) : std::string();
}

Result<std::vector<TokenId>> BpeTokenizer::encode(std::string_view text, bool trusted) const {
  const PromptSegment segment{std::string(text), trusted};
  return encode_segments({&segment, 1});
}

Result<std::vector<TokenId>> BpeTokenizer::encode_prompt(std::string_view text) const {
  auto tokens = encode(text, false);
  RETURN_IF_ERROR(tokens);
  tokens->insert(tokens->begin(), prompt_prefix_.begin(), prompt_prefix_.end());
  return tokens;
}

Result<std::vector<TokenId>> BpeTokenizer::encode_segments(
    std::span<const PromptSegment> segments) const {
  MarkedText marked;
  for (const PromptSegment& segment : segments) {
    const size_t begin = marked.text.size();
    if (segment.text.size() > kMaxEncodeBytes - begin) {
      return Status::invalid_argument(
          "the text has more than " + std::to_string(kMaxEncodeBytes) + " bytes", {}, "too_large");
    }
    if (const size_t bad = find_invalid_utf8(segment.text); bad != std::string_view::npos) {
      return Status::invalid_argument("byte " + std::to_string(begin + bad) + " is not UTF-8", {},
                                      "invalid_utf8");
    }
    marked.text += segment.text;
    if (!segment.trusted || segment.text.empty()) continue;
    if (!marked.trusted.empty() && marked.trusted.back().end == begin) {
      marked.trusted.back().end = marked.text.size();
    } else {
      marked.trusted.push_back({begin, marked.text.size()});
    }
  }
  return encode_marked(marked);
}

Result<std::vector<TokenId>> BpeTokenizer::encode_marked(const MarkedText& marked) const {
  std::vector<TokenId> out;
  for (const auto& section : raw_tokens_.cut(marked.text, marked.trusted)) {
    if (section.token != kNoToken) {
      out.push_back(section.token);
      continue;
    }
    MarkedText rest;
    rest.text = slice(marked.text, section.range);
    for (const TextRange& run :
         normalized_tokens_.empty() ? std::vector<TextRange>() : marked.trusted) {
      const size_t begin = std::max(run.begin, section.range.begin);
      const size_t end = std::min(run.end, section.range.end);
      if (begin < end) {
        rest.trusted.push_back({begin - section.range.begin, end - section.range.begin});
      }
    }
    RETURN_IF_ERROR(encode_section(rest, out));
  }
  return out;
}

// Normalizes each run of equal trust for itself, so that it is known afterwards which text is
// trusted. Where no token is matched in normalized text nobody needs to know, and the section is
// normalized as a whole.
Result<BpeTokenizer::MarkedText> BpeTokenizer::normalize(const MarkedText& marked) const {
  if (normalizer_.changes_nothing()) return marked;
  MarkedText result;
  std::vector<TextRange> runs;  // alternating: not trusted, trusted
  size_t done = 0;
  for (const TextRange& run :
       normalized_tokens_.empty() ? std::vector<TextRange>() : marked.trusted) {
    runs.push_back({done, run.begin});
    runs.push_back(run);
    done = run.end;
  }
  runs.push_back({done, marked.text.size()});
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].size() == 0) continue;
    auto text = normalizer_.apply(slice(marked.text, runs[i]));
    RETURN_IF_ERROR(text);
    const size_t begin = result.text.size();
    result.text += *text;
    if (i % 2 == 1) result.trusted.push_back({begin, result.text.size()});
  }
  return result;
}

Status BpeTokenizer::encode_section(const MarkedText& section, std::vector<TokenId>& out) const {
  auto normalized = normalize(section);
  RETURN_IF_ERROR(normalized);
  if (normalized_tokens_.empty()) return encode_words(std::move(normalized->text), out);
  for (const auto& part : normalized_tokens_.cut(normalized->text, normalized->trusted)) {
    if (part.token != kNoToken) {
      out.push_back(part.token);
    } else {
      RETURN_IF_ERROR(encode_words(std::string(slice(normalized->text, part.range)), out));
    }
  }
  return {};
}

Status BpeTokenizer::encode_words(std::string text, std::vector<TokenId>& out) const {
  const auto words = pre_tokenizer_.split(std::move(text));
  RETURN_IF_ERROR(words);
  for (const TextRange& word : words->ranges) encoder_.encode(slice(words->text, word), out);
  return {};
}

std::string BpeTokenizer::decode(std::span<const TokenId> tokens, bool skip_control) const {
  std::string bytes;
  for (const TokenId token : tokens) {
    if (!skip_control || !is_control(token)) bytes += token_bytes(token);
  }
  return replace_invalid_utf8(bytes);
}

Result<std::vector<PromptSegment>> BpeTokenizer::render_chat(std::span<const ChatMessage> messages,
                                                             const ChatOptions& options) const {
  if (!chat_template_) return Status::failed_precondition("this model has no chat template");
  const std::optional<TokenId> eos =
      eos_ids_.empty() ? std::nullopt : std::optional<TokenId>(eos_ids_.front());
  return chat_template_->render(messages, options,
                                {content_of(bos_id_), content_of(eos), content_of(pad_id_)});
}

Result<std::vector<TokenId>> BpeTokenizer::encode_chat(std::span<const ChatMessage> messages,
                                                       const ChatOptions& options) const {
  const auto segments = render_chat(messages, options);
  RETURN_IF_ERROR(segments);
  return encode_segments(*segments);
}

}  // namespace youtu
