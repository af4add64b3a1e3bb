// Where tensors come from: a file or a set of files, all of it validated.
#pragma once

#include <span>
#include <string_view>

#include "base/mapped_file.h"
#include "tensor/tensor_view.h"

namespace youtu {

// Owns the mapping that the views point into.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual std::span<const TensorView> tensors() const = 0;          // in file order
  virtual const TensorView* find(std::string_view name) const = 0;  // nullptr if there is none
  virtual std::span<const MappedFile> files() const { return {}; }  // that hold them
};

}  // namespace youtu
