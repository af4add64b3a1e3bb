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
  std::string model;  // path
  LoadOptions load;
  TeacherForcingOptions forcing;
};

// Compares and prints. Blames a flag by status.param(), else a model.
Status compare_with_reference(const TestedConfiguration& tested, const TokenFlags& tokens,
                              const KldFlags& flags);

}  // namespace youtu
