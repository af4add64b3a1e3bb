// What the server's settings say where a request says nothing: all that may change while it serves.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "chat/history.h"
#include "youtu/sampling_params.h"

namespace youtu {

// A request keeps the settings that it began with to its end.
struct RequestSettings {
  std::string preset{kDefaultPreset};         // of /chat and /chat_stream
  std::string preset_source = "default";      // or "config"
  std::string openai_preset = "recommended";  // of /v1
  bool clean_input = false;
  bool is_strict = false;  // parameters that are unknown or without effect are refused
  WindowCache window_cache = WindowCache::kRecompute;
  bool has_prefix_cache = true;
  std::vector<std::string> model_aliases;  // further names that requests may give as their model
  std::chrono::seconds request_timeout{600};

  // When an answer that begins now must be complete.
  std::chrono::steady_clock::time_point give_up_time() const {
    return std::chrono::steady_clock::now() + request_timeout;
  }
};

}  // namespace youtu
