// The toy model as if it had been opened from a folder: its description lies there, as a packed
// file of it needs.
#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "model/load_model.h"
#include "model/teacher_forcing.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/toy_model.h"

namespace youtu {

inline OpenedModel make_toy_folder(const TemporaryFolder& folder, int32_t vocab_size,
                                   uint64_t seed) {
  OpenedModel opened = make_toy_model(vocab_size, seed);
  const std::string config = dump_json(std::get<Json>(opened.description));
  folder.write("config.json", config);
  opened.path = folder.path().string();
  return opened;
}

// The logits of a short text, all positions.
inline std::vector<float> toy_logits(LoadedModel& model) {
  std::vector<TokenId> tokens;
  for (TokenId i = 0; i < 40; ++i) tokens.push_back((i * 29 + 3) % model.config.vocab_size);
  std::vector<float> all;
  const Status status = run_teacher_forced(model, tokens, {.chunk = 7}, [&](auto logits) {
    all.insert(all.end(), logits.begin(), logits.end());
    return Status::ok();
  });
  CHECK(status.is_ok());
  return all;
}

}  // namespace youtu
