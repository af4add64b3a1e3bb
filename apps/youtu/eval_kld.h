// `youtu eval --kld`: a configuration against the F32 reference, in figures.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "eval_tokens.h"
#include "model/teacher_forcing.h"

namespace youtu {

struct KldFlags {
  bool is_wanted = false;
  std::string reference;  // path; "": the tested model
  std::string reference_isa;
  std::optional<int32_t> window;
  std::string positions;  // path
  bool json = false;
};

// REQUIRES: `flags` outlives the parsing of `command`.
void add_kld_flags(CLI::App& command, KldFlags& flags);

struct TestedConfiguration {
  std::string model;    // path
  std::string weights;  // as given; empty: exact, or, of a packed file, as they are
  LoadOptions load;     // but for the weights
  TeacherForcingOptions forcing;
};

// How its weights are to be loaded.
Result<WeightPolicy> eval_weight_policy(const OpenedModel& opened,
                                        const TestedConfiguration& tested);

// Compares and prints. Blames a flag by status.param(), else a model.
Status compare_with_reference(const TestedConfiguration& tested, const TokenFlags& tokens,
                              const KldFlags& flags);

}  // namespace youtu
