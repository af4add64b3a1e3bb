#include "grammar/format_compiler.h"

#include <algorithm>
#include <exception>
#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/free_text.h"
#include "grammar/grammar_text.h"
#include "grammar/json_schema.h"
#include "grammar/json_text.h"
#include "grammar/regex_parser.h"

namespace youtu {
namespace {

using Kind = OutputFormat::Kind;

// The field that a format comes in, where people write it.
const char* param_of(Kind kind) {
  switch (kind) {
    case Kind::kJsonObject:
    case Kind::kJsonSchema:
      return "response_format";
    case Kind::kRegex:
      return "regex";
    case Kind::kChoice:
      return "choice";
    case Kind::kGrammar:
      return "grammar";
  }
  return "response_format";
}

// The same error with a param and, if it has none, a reason.
Status complete(const Status& status, Kind kind) {
  const bool is_json = kind == Kind::kJsonObject || kind == Kind::kJsonSchema;
  const std::string reason = !status.reason().empty() ? status.reason()
                             : is_json                ? "invalid_schema"
                                                      : "unsupported_format";
  return {StatusCode::kInvalidArgument, status.message(), param_of(kind), reason};
}

Status check_texts(const OutputFormat& format) {
  const auto refuse = [](std::string message) {
    return Status::invalid_argument(std::move(message), {}, "out_of_range");
  };
  if (format.text.size() > kMaxFormatBytes) {
    return refuse("the format has " + std::to_string(format.text.size()) + " bytes (at most " +
                  std::to_string(kMaxFormatBytes) + ")");
  }
  if (format.after.size() > kMaxFormatMarkerBytes || !is_utf8(format.after)) {
    return refuse("the text after which the format begins is no UTF-8 of at most " +
                  std::to_string(kMaxFormatMarkerBytes) + " bytes");
  }
  if (format.kind != Kind::kChoice) return Status::ok();
  if (format.choices.empty() || format.choices.size() > kMaxFormatChoices) {
    return refuse("there are " + std::to_string(format.choices.size()) + " choices (1 to " +
                  std::to_string(kMaxFormatChoices) + ")");
  }
  size_t num_bytes = 0;
  for (const std::string& choice : format.choices) {
    num_bytes += choice.size();
    if (choice.empty() || !is_utf8(choice)) return refuse("a choice is empty or no UTF-8");
  }
  if (num_bytes > kMaxFormatBytes) {
    return refuse("the choices have " + std::to_string(num_bytes) + " bytes (at most " +
                  std::to_string(kMaxFormatBytes) + ")");
  }
  return Status::ok();
}

Result<ExprId> expression_of(const OutputFormat& format, Grammar& grammar) {
  switch (format.kind) {
    case Kind::kJsonObject:
      return JsonText(grammar).object();
    case Kind::kJsonSchema:
      return compile_json_schema(format.text, grammar);
    case Kind::kRegex:
      return parse_regex(format.text, whole_text_regex(), grammar);
    case Kind::kGrammar:
      return parse_grammar(format.text, grammar);
    case Kind::kChoice:
      break;
  }
  std::vector<ExprId> ways;
  for (const std::string& choice : format.choices) ways.push_back(grammar.bytes(choice));
  return grammar.choice(std::move(ways));
}

Result<Automaton> build(const OutputFormat& format) {
  RETURN_IF_ERROR(check_texts(format));
  Grammar grammar;
  auto root = expression_of(format, grammar);
  RETURN_IF_ERROR(root);
  if (!format.after.empty()) {
    root = grammar.sequence({text_through(format.after, grammar), *root});
  }
  grammar.set_root(*root);
  auto automaton = Automaton::build(grammar);
  RETURN_IF_ERROR(automaton);
  if (StateTable(*automaton).start() == kDeadState) {
    return Status::invalid_argument(
        "it can begin in more than " + std::to_string(kMaxStateThreads) + " ways", {}, "too_large");
  }
  return automaton;
}

}  // namespace

Result<Automaton> build_automaton(const OutputFormat& format) {
  try {
    auto automaton = build(format);
    if (!automaton) return complete(automaton.status(), format.kind);
    return automaton;
  } catch (const std::exception& error) {
    return Status::internal(std::string("the format could not be compiled: ") + error.what());
  }
}

Status check_output_format(const OutputFormat& format) {
  const auto automaton = build_automaton(format);
  return automaton ? Status::ok() : automaton.status();
}

Result<std::shared_ptr<CompiledFormat>> FormatCompiler::compile(const OutputFormat& format) {
  if (auto known = find(format)) return known;
  auto automaton = build_automaton(format);
  RETURN_IF_ERROR(automaton);
  auto tokens = vocabulary();
  RETURN_IF_ERROR(tokens);
  return keep(format, std::make_shared<CompiledFormat>(*std::move(automaton), *std::move(tokens)));
}

Result<std::shared_ptr<const FormatVocabulary>> FormatCompiler::vocabulary() {
  const std::lock_guard lock(mutex_);
  if (!vocabulary_) vocabulary_ = std::make_shared<const FormatVocabulary>(tokenizer_);
  if (vocabulary_->ends().empty()) {
    return Status::failed_precondition("the model has no end token, so no format can be held");
  }
  if (const auto byte = vocabulary_->missing_byte()) {
    return Status::failed_precondition("the model has no token for the byte " +
                                       std::to_string(*byte) + ", so no format can be held");
  }
  return vocabulary_;
}

std::shared_ptr<CompiledFormat> FormatCompiler::find(const OutputFormat& format) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(kept_, format, &Kept::format);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->compiled;
}

// Of two threads that compile the same format at once, both get the first one's.
std::shared_ptr<CompiledFormat> FormatCompiler::keep(const OutputFormat& format,
                                                     std::shared_ptr<CompiledFormat> compiled) {
  if (auto known = find(format)) return known;
  const std::lock_guard lock(mutex_);
  kept_.push_front({format, compiled});
  if (kept_.size() > kMaxKept) kept_.pop_back();
  return compiled;
}

}  // namespace youtu
