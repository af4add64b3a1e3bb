// What a template may use. A template comes with a model file and is a program: these bounds make
// it end soon, in bounded memory, whatever it says.
#pragma once

#include <cstddef>
#include <cstdint>

namespace youtu::jinja {

inline constexpr size_t kMaxSourceBytes = 256u << 10;
inline constexpr int kMaxSyntaxDepth = 100;  // nesting of expressions, and of statements
inline constexpr int kMaxEvaluationDepth =
    400;                                    // syntax nesting summed over all active macro calls
inline constexpr int kMaxMacroDepth = 100;  // macros that are active at once
inline constexpr int kMaxDataDepth = 100;   // nesting of lists and dicts when printed or compared

// Work is counted in steps: one for each syntax node that is evaluated, and more for operations on
// long texts and lists, so that the count bounds both time and memory.
inline constexpr int64_t kMaxSteps = 1'000'000;
inline constexpr size_t kTextBytesPerStep = 128;
inline constexpr size_t kItemsReadPerStep = 64;
inline constexpr size_t kItemsMadePerStep = 8;

// The output, and each text on the way to it: this much, or a multiple of the conversation's size
// where that is more.
inline constexpr size_t kMinTextLimitBytes = 4u << 20;
inline constexpr size_t kTextLimitPerInputByte = 4;

inline constexpr size_t kMaxRange = 100'000;
inline constexpr size_t kMaxListItems = 100'000;
inline constexpr size_t kMaxRaisedMessageBytes = 200;

}  // namespace youtu::jinja
