// The flags of commands that load a model for themselves and answer one request at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "youtu/engine.h"
#include "youtu/status.h"

namespace youtu {

struct EngineFlags {
  std::string model;
  bool offline = false;
  std::string isa;
  std::string weights = "auto";
  std::string load = "map";
  int precise_layers = EngineOptions{}.precise_layers;
  std::string pack_cache = "auto";
  int num_threads = 0;
  int64_t max_context_tokens = 2048;
  std::optional<bool> enable_thinking;
};

// For commands with flags of their own as well.
void add_precise_layers_flag(CLI::App& command, int& precise_layers);

// `model_names`: how the model may be given; with ",model" at the end also as a bare word.
// REQUIRES: `flags` outlives the parsing of `command`.
void add_engine_flags(CLI::App& command, EngineFlags& flags,
                      const std::string& model_names = "-m,--model");

// The engine of these flags, sized for a single request at a time. What the cache of packed
// weights did, other than to be read, is said on stderr.
Result<std::unique_ptr<Engine>> create_engine(const EngineFlags& flags);

}  // namespace youtu
