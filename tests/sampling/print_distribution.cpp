// Prints what the sampler would draw from, for cases on standard input. A case is three lines:
//   vocab_size num_prompt_tokens temperature top_k top_p min_p repetition presence frequency ngram
//   the tokens of the history, or an empty line
//   the logits
// and is answered by one line: "token:probability" for each token that may be drawn, or "error
// <reason>". After the former comes a line of what the sampler's stages did: "name:left" of each,
// and "token/removed_by/probability,..." of the kNumExplained likeliest.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "sampling/logprob_reader.h"
#include "sampling/sampler.h"
#include "sampling/sampling_trace.h"

namespace {

constexpr int32_t kNumExplained = 5;

bool read_case_header(const std::string& line, int32_t& vocab_size, size_t& num_prompt_tokens,
                      youtu::SamplingParams& params) {
  std::istringstream header(line);
  return static_cast<bool>(header >> vocab_size >> num_prompt_tokens >> params.temperature >>
                           params.top_k >> params.top_p >> params.min_p >>
                           params.repetition_penalty >> params.presence_penalty >>
                           params.frequency_penalty >> params.no_repeat_ngram_size);
}

// Through strtof, which also knows "nan" and "-inf".
std::vector<float> read_floats(const std::string& line) {
  std::vector<float> values;
  const char* cursor = line.c_str();
  for (char* end = nullptr;; cursor = end) {
    const float value = std::strtof(cursor, &end);
    if (end == cursor) return values;
    values.push_back(value);
  }
}

std::vector<youtu::TokenId> read_tokens(const std::string& line) {
  std::istringstream stream(line);
  std::vector<youtu::TokenId> tokens;
  for (youtu::TokenId token; stream >> token;) tokens.push_back(token);
  return tokens;
}

void print_candidates(std::span<const youtu::Candidate> candidates) {
  double total = 0;
  for (const youtu::Candidate& candidate : candidates) total += candidate.weight;
  for (const youtu::Candidate& candidate : candidates) {
    std::printf("%d:%.9g ", candidate.token, candidate.weight / total);
  }
  std::printf("\n");
}

void print_explanation(const youtu::TokenExplanation& explanation) {
  for (const youtu::StageReport& report : explanation.stages()) {
    std::printf("%s:%d ", std::string(to_string(report.stage)).c_str(), report.num_left);
  }
  for (const youtu::ExplainedCandidate& candidate : explanation.candidates()) {
    std::printf("%d/%d/", candidate.token, candidate.removed_by);
    for (int32_t i = 0; i < explanation.num_stages; ++i) {
      std::printf("%s%.9g", i > 0 ? "," : "", candidate.probabilities[static_cast<size_t>(i)]);
    }
    std::printf(" ");
  }
  std::printf("\n");
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string header;
  std::string token_line;
  std::string logit_line;
  while (std::getline(std::cin, header)) {
    int32_t vocab_size = 0;
    size_t num_prompt_tokens = 0;
    youtu::SamplingParams params;
    if (!read_case_header(header, vocab_size, num_prompt_tokens, params) ||
        !std::getline(std::cin, token_line) || !std::getline(std::cin, logit_line)) {
      std::fprintf(stderr, "error: malformed case: %s\n", header.c_str());
      return 1;
    }
    const std::vector<youtu::TokenId> tokens = read_tokens(token_line);
    std::vector<float> logits = read_floats(logit_line);
    if (logits.size() != static_cast<size_t>(vocab_size)) {
      std::fprintf(stderr, "error: %zu logits for a vocabulary of %d\n", logits.size(), vocab_size);
      return 1;
    }
    if (const youtu::Status status = youtu::validate(params); !status) {
      std::printf("error %s\n", status.param().c_str());
      continue;
    }
    youtu::Sampler sampler(vocab_size);
    const youtu::TokenHistory history = {tokens, num_prompt_tokens};
    youtu::LogprobReader reader(vocab_size);
    reader.read(logits);
    const auto candidates = sampler.candidates(logits, params, history);
    if (!candidates) {
      std::printf("error %s\n", candidates.status().reason().c_str());
      continue;
    }
    print_candidates(*candidates);
    youtu::SamplingTrace trace(reader.of(candidates->front().token, kNumExplained));
    logits.assign(reader.logits().begin(), reader.logits().end());
    if (!sampler.candidates(logits, params, history, {}, &trace)) return 1;
    print_explanation(trace.explanation());
  }
  return 0;
}
