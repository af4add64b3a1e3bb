#include "text/split_pattern.h"

#include "base/check.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <utility>

namespace youtu {

namespace {

// Runs of 10^6 characters take some millions of steps; what takes more than this is backtracking
// without end.
constexpr uint32_t kMaxMatchSteps = 30'000'000;
constexpr uint32_t kMaxMatchDepth = 1'000'000;
constexpr uint32_t kMaxMatchHeapKib = 64 * 1024;
constexpr size_t kJitStackStart = 32 * 1024;
constexpr size_t kMaxJitStack = 64u << 20;
constexpr uint32_t kMaxParentheses = 200;

struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeJitStack {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};
struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using CodePointer = std::unique_ptr<pcre2_code, FreeCode>;

// What one thread needs to match: every pattern shares it.
struct MatchScratch {
  MatchScratch()
      : context(pcre2_match_context_create(nullptr)),
        jit_stack(pcre2_jit_stack_create(kJitStackStart, kMaxJitStack, nullptr)),
        data(pcre2_match_data_create(1, nullptr)) {
    CHECK(context && data);
    pcre2_set_match_limit(context.get(), kMaxMatchSteps);
    pcre2_set_depth_limit(context.get(), kMaxMatchDepth);
    pcre2_set_heap_limit(context.get(), kMaxMatchHeapKib);
    if (jit_stack) pcre2_jit_stack_assign(context.get(), nullptr, jit_stack.get());
  }
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context;
  std::unique_ptr<pcre2_jit_stack, FreeJitStack> jit_stack;
  std::unique_ptr<pcre2_match_data, FreeMatchData> data;
};

MatchScratch& thread_scratch() {
  thread_local MatchScratch scratch;
  return scratch;
}

std::string error_text(int code) {
  PCRE2_UCHAR buffer[256];
  if (pcre2_get_error_message(code, buffer, sizeof buffer) < 0) return "unknown error";
  return reinterpret_cast<const char*>(buffer);
}

Result<CodePointer> compile_code(std::string_view pattern) {
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(
      pcre2_compile_context_create(nullptr));
  CHECK(context);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kMaxParentheses);
  int error = 0;
  PCRE2_SIZE offset = 0;
  const uint32_t options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;
  CodePointer code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 options, &error, &offset, context.get()));
  if (!code) {
    return Status::invalid_argument("the regular expression is not valid: " + error_text(error));
  }
  return code;
}

}  // namespace

struct SplitPattern::Code {
  CodePointer pointer;
};

Result<SplitPattern> SplitPattern::compile(std::string_view pattern) {
  auto code = compile_code(pattern);
  if (!code) return code.status();
  // Where the machine has no JIT compiler, PCRE2 interprets.
  const int error = pcre2_jit_compile(code->get(), PCRE2_JIT_COMPLETE);
  if (error == PCRE2_ERROR_NOMEMORY) {
    return Status::invalid_argument("the regular expression is too large to compile");
  }
  SplitPattern result;
  result.code_ = std::make_shared<const Code>(Code{std::move(*code)});
  return result;
}

SplitPattern SplitPattern::literal(std::string text) {
  SplitPattern result;
  result.literal_ = std::move(text);
  return result;
}

bool SplitPattern::is_valid(std::string_view pattern) {
  return compile_code(pattern).is_ok();
}

Result<SplitPattern::Match> SplitPattern::find(std::string_view text, size_t from) const {
  if (!code_) {
    const size_t begin = literal_.empty() ? text.npos : text.find(literal_, from);
    if (begin == text.npos) return Match{};
    return Match{begin, begin + literal_.size(), true};
  }
  MatchScratch& scratch = thread_scratch();
  const int count =
      pcre2_match(code_->pointer.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                  from, PCRE2_NO_UTF_CHECK, scratch.data.get(), scratch.context.get());
  if (count == PCRE2_ERROR_NOMATCH) return Match{};
  if (count < 0) {
    return Status(StatusCode::kInvalidArgument,
                  "the text takes too many steps to split into words (" + error_text(count) + ")",
                  {}, "too_complex");
  }
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(scratch.data.get());
  return Match{ends[0], ends[1], true};
}

}  // namespace youtu
