// What the sampler made of a token's candidates, as JSON.
#pragma once

#include "base/json.h"
#include "youtu/token_explanation.h"
#include "youtu/tokenizer.h"

namespace youtu {

// {"token", "id", "stages": [{"name", "left"}], "candidates": [{"token", "id", "logprob",
// "probability", "probabilities", "removed_by"}]}. A candidate has a probability for each stage
// that left it, and removed_by is null or the name of the one that did not.
OrderedJson explanation_json(const TokenExplanation& explanation, const Tokenizer& tokenizer);

}  // namespace youtu
