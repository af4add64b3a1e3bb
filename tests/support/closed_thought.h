// A thought of the simulation, and what is written when its budget is used up, told from the whole
// completion at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "youtu/generation.h"
#include "youtu/types.h"

namespace youtu::test {

// Of the tokens that prompts have, too, so that thoughts begin and end by themselves.
inline const ThoughtRules kThought = {
    .begin = "\x01", .end = "\x02\x03", .is_open = false, .last_words = "so"};

// How the completion goes on where the budget of its thought is used up.
inline std::optional<TokenId> closing_token(const GenerationRequest& request,
                                            const std::vector<TokenId>& completion) {
  if (!request.thought || request.sampling.thinking_token_budget < 0) return std::nullopt;
  std::string thought(completion.begin(), completion.end());
  if (!request.thought->is_open) {
    thought.erase(0, thought.find_first_not_of(" \t\r\n"));  // space before it is not counted
    if (!thought.starts_with(kThought.begin)) return std::nullopt;
    thought.erase(0, kThought.begin.size());
  }
  const std::string closing = kThought.last_words + kThought.end;
  const auto budget = static_cast<size_t>(request.sampling.thinking_token_budget);
  if (thought.size() < budget || thought.find(kThought.end) != std::string::npos) {
    return std::nullopt;
  }
  return closing.at(thought.size() - budget);
}

}  // namespace youtu::test
