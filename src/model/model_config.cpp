#include "model/model_config.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "model/config_checks.h"

namespace youtu {

namespace {

// Ids that the vocabulary has a meaning for: one above the largest.
int64_t vocab_end(const VocabSpec& vocab) {
  auto end = static_cast<int64_t>(vocab.pieces.size());
  for (const AddedToken& token : vocab.added_tokens) end = std::max<int64_t>(end, token.id + 1);
  return end;
}

Status check_token_id(std::string_view what, TokenId id, int32_t vocab_size) {
  if (id >= 0 && id < vocab_size) return Status::ok();
  return Status::invalid_argument("tokenizer: " + std::string(what) + " is " + std::to_string(id) +
                                  " (0 to " + std::to_string(vocab_size - 1) + ")");
}

// Fewer tokens than embedding rows are usual (padding), more would read past the end.
Status check_vocab(const VocabSpec& vocab, const ModelConfig& config) {
  if (const int64_t end = vocab_end(vocab); end > config.vocab_size) {
    return Status::invalid_argument("tokenizer: the vocabulary has " + std::to_string(end) +
                                    " tokens, the model " + std::to_string(config.vocab_size) +
                                    " embedding rows");
  }
  for (const TokenId id : vocab.eos_ids) {
    if (Status status = check_token_id("eos_token_id", id, config.vocab_size); !status)
      return status;
  }
  if (vocab.bos_id) return check_token_id("bos_token_id", *vocab.bos_id, config.vocab_size);
  return Status::ok();
}

}  // namespace

Status check_config(const ModelConfig& config) {
  const int64_t heads = config.num_attention_heads;
  const int64_t widest =
      std::max(config.qk_head_dim(), config.qk_nope_head_dim + config.v_head_dim);
  if (heads * widest > kMaxProjectionRows) {
    return Status::invalid_argument("num_attention_heads is " + std::to_string(heads) +
                                    " with heads of " + std::to_string(widest) + " rows (at most " +
                                    std::to_string(kMaxProjectionRows) + " in all)");
  }
  return Status::ok();
}

Result<ModelConfig> read_model_config(const OpenedModel& model) {
  const auto* json = std::get_if<Json>(&model.description);
  auto config = json ? read_json_config(*json)
                     : read_gguf_config(std::get<GgufMetadata>(model.description), *model.tensors);
  if (!config) return config.status().with_prefix(model.description_name + ": ");
  if (model.has_vocab) {
    if (Status status = check_vocab(model.vocab, *config); !status) {
      return status.with_prefix(model.path + ": ");
    }
  }
  return config;
}

}  // namespace youtu
