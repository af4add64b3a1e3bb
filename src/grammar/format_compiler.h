// From an OutputFormat to what the engine can hold an answer to, with the last ones kept: a service
// asks for the same few formats again and again.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "grammar/compiled_format.h"
#include "youtu/output_format.h"
#include "youtu/tokenizer.h"

namespace youtu {

// The automaton of a format. Errors as in check_output_format().
Result<Automaton> build_automaton(const OutputFormat& format);

// Thread-safe; the formats themselves belong to one thread.
class FormatCompiler {
 public:
  static constexpr size_t kMaxKept = 16;

  // REQUIRES: `tokenizer` outlives this and all formats.
  explicit FormatCompiler(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // Fails also for a tokenizer with which no format can be held: without an end token, or without a
  // token for each byte.
  Result<std::shared_ptr<CompiledFormat>> compile(const OutputFormat& format);

 private:
  struct Kept {
    OutputFormat format;
    std::shared_ptr<CompiledFormat> compiled;
  };

  Result<std::shared_ptr<const FormatVocabulary>> vocabulary();
  std::shared_ptr<CompiledFormat> find(const OutputFormat& format);
  std::shared_ptr<CompiledFormat> keep(const OutputFormat& format,
                                       std::shared_ptr<CompiledFormat> compiled);

  const Tokenizer& tokenizer_;
  std::mutex mutex_;
  std::shared_ptr<const FormatVocabulary> vocabulary_;  // made for the first format
  std::list<Kept> kept_;                                // the last one used first
};

}  // namespace youtu
