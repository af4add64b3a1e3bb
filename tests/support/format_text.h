// Whether a text has a format, byte by byte and without a vocabulary.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "grammar/format_compiler.h"
#include "grammar/state_table.h"

namespace youtu {

class FormatText {
 public:
  explicit FormatText(const OutputFormat& format) : FormatText(build_automaton(format)) {}
  explicit FormatText(Result<Automaton> automaton) : table_(take(std::move(automaton))) {}

  bool matches(std::string_view text) {
    const StateId state = state_after(text);
    return table_.is_complete(state);
  }
  // Whether some text that begins so has the format.
  bool may_begin(std::string_view text) { return state_after(text) != kDeadState; }

  StateTable& table() { return table_; }

 private:
  static Automaton take(Result<Automaton> automaton) {
    EXPECT_TRUE(automaton.is_ok()) << automaton.status().message();
    if (automaton) return *std::move(automaton);
    Grammar nothing;
    nothing.set_root(nothing.empty());
    return *Automaton::build(nothing);
  }
  StateId state_after(std::string_view text) {
    table_.set_budget(int64_t{1} << 40);
    StateId state = table_.start();
    for (const char byte : text) state = table_.step(state, static_cast<uint8_t>(byte));
    return state;
  }

  StateTable table_;
};

}  // namespace youtu
