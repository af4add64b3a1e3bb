// The files that describe a model of Hugging Face's form, wherever they lie: in a folder, or in a
// packed file.
#pragma once

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

class DescriptionFiles {
 public:
  virtual ~DescriptionFiles() = default;
  virtual bool has(std::string_view name) const = 0;
  // Errors name the file.
  virtual Result<std::string> read(const std::string& name, size_t max_bytes) const = 0;
  // `name` as a message calls it: "models/demo/config.json".
  virtual std::string path_of(std::string_view name) const = 0;
  // What a file is missing from: "models/demo: model directory".
  virtual std::string place() const = 0;
};

}  // namespace youtu
