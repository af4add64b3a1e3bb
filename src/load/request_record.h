// What became of one request, or of one of its tries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "youtu/types.h"

namespace youtu::load {

// Times are seconds since the load began.
struct RequestRecord {
  // When it was due; in a closed loop that is when it was sent. Of a refusal behind another, when
  // it was asked again.
  double start = 0;
  double end = 0;  // the end of the answer, or when it failed
  std::optional<double> first_text = {};
  std::vector<double> gaps = {};  // between pieces of text; 0 where they came together
  Usage usage = {};
  int http_status = 0;                    // 0: there was no answer
  std::optional<int> retry_after_s = {};  // what a refusal told
  std::string failure = {};               // empty: the answer came; else why not
  bool is_retried = false;                // it was refused, and another record says what then

  bool is_good() const { return failure.empty(); }
  bool is_refusal() const { return http_status >= 400; }
  // A refusal that is about now, not about the request.
  bool may_be_retried() const { return http_status == 429 || http_status == 503; }
  double e2el() const { return end - start; }
  std::optional<double> ttft() const {
    return first_text ? std::optional(*first_text - start) : std::nullopt;
  }
  // Of an answer with two tokens at least, as the server counts them.
  std::optional<double> tpot() const {
    if (!first_text || usage.completion_tokens < 2) return std::nullopt;
    return (end - *first_text) / static_cast<double>(usage.completion_tokens - 1);
  }
};

}  // namespace youtu::load
