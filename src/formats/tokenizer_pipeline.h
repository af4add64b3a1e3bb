// The parts of tokenizer.json around its model: normalizer, pre-tokenizer, post-processor, decoder.
#pragma once

#include <vector>

#include "base/json.h"
#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

// Each takes the value of the key of its name (null where it is absent). Errors begin with that
// name: "pre_tokenizer: the type "Metaspace" is not supported".
Result<std::vector<NormalizerStage>> read_normalizer(const Json& json);
// The last stage must be ByteLevel, since our model works on bytes.
Result<std::vector<PreTokenizerStage>> read_pre_tokenizer(const Json& json);
// The tokens that the post-processor puts before a text. What it puts after a text is for texts
// that are complete; a prompt is not.
Result<std::vector<TokenId>> read_prompt_prefix(const Json& json);
Status check_decoder(const Json& json);

}  // namespace youtu
