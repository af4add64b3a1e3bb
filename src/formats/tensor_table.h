// The tensors of one or several mapped files, by name. The TensorSource of every format.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "formats/tensor_source.h"
#include "youtu/status.h"

namespace youtu {

class TensorTable final : public TensorSource {
 public:
  // `tensors` point into `files`. Fails on two tensors of one name.
  static Result<std::unique_ptr<TensorTable>> create(std::vector<MappedFile> files,
                                                     std::vector<TensorView> tensors);

  std::span<const TensorView> tensors() const override { return tensors_; }
  const TensorView* find(std::string_view name) const override;
  std::span<const MappedFile> files() const override { return files_; }

 private:
  std::vector<MappedFile> files_;
  std::vector<TensorView> tensors_;
  std::unordered_map<std::string_view, size_t> index_;  // views of the names in tensors_
};

}  // namespace youtu
