// How people call a model of a hub: "tencent/Youtu-LLM-2B-GGUF:Q8_0@main".
#pragma once

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu::hub {

struct ModelName {
  std::string owner = {};
  std::string name = {};
  std::string variant = {};   // which weights of several: "Q8_0", or a file's name; empty: the best
  std::string revision = {};  // branch, tag or commit; empty: the hub's main branch

  std::string repository() const { return owner + "/" + name; }
  std::string text() const;  // as it is typed
};

// Errors say which part is wrong and what it may be.
Result<ModelName> parse_model_name(std::string_view text);

// Whether `text` may be meant as one, rather than as a path: one slash, and no model file's ending.
bool is_like_model_name(std::string_view text);

}  // namespace youtu::hub
