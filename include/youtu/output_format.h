// What form an answer must have: the tokens that would leave it are never drawn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxFormatBytes = 64u << 10;  // of a schema, a regex or a grammar
inline constexpr size_t kMaxFormatChoices = 1024;
inline constexpr size_t kMaxFormatMarkerBytes = 64;

// docs/structured-output.md says what each kind takes and what it refuses.
struct OutputFormat {
  enum class Kind {
    kJsonObject,  // any JSON object
    kJsonSchema,  // a JSON value that `text`, a JSON schema, allows
    kRegex,       // text that `text`, a regular expression, matches as a whole
    kChoice,      // one of `choices`
    kGrammar,     // text of the rule `root` of `text`, a grammar
  };

  Kind kind = Kind::kJsonObject;
  std::string text = {};
  std::vector<std::string> choices = {};
  // The form holds after the first time that this text, such as "</think>", has been written; what
  // comes before it is free. Empty: from the first token on.
  std::string after = {};

  bool operator==(const OutputFormat&) const = default;
};

// Ok, or why no engine can hold an answer to this format: kInvalidArgument, with the place in the
// schema (a JSON pointer), the regex (an offset) or the grammar (line and column) in its message.
// Costs what Engine::submit() pays for a format that it has not seen.
Status check_output_format(const OutputFormat& format);

}  // namespace youtu
