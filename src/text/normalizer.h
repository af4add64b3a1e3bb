// Changes text before it is split: Unicode normal forms and the like, as a tokenizer's files ask
// for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/split_pattern.h"
#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

class Normalizer {
 public:
  // Errors begin with "normalizer: ".
  static Result<Normalizer> create(std::span<const NormalizerStage> stages);

  bool changes_nothing() const { return stages_.empty(); }
  // REQUIRES: UTF-8. Takes time in proportion to the text, also for runs of combining marks. Fails,
  // with reason "too_complex", where the pattern of a replacement reaches its limits.
  Result<std::string> apply(std::string_view text) const;

 private:
  struct Stage {
    NormalizerStage description;
    SplitPattern pattern = SplitPattern::literal({});
  };
  static Result<std::string> apply_stage(const Stage& stage, std::string_view text);

  std::vector<Stage> stages_;
};

}  // namespace youtu
