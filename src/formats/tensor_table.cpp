#include "formats/tensor_table.h"

#include "formats/printable.h"

namespace youtu {

Result<std::unique_ptr<TensorTable>> TensorTable::create(std::vector<MappedFile> files,
                                                         std::vector<TensorView> tensors) {
  auto table = std::make_unique<TensorTable>();
  table->files_ = std::move(files);
  table->tensors_ = std::move(tensors);
  table->index_.reserve(table->tensors_.size());
  for (size_t i = 0; i < table->tensors_.size(); ++i) {
    const std::string& name = table->tensors_[i].name;
    if (!table->index_.emplace(name, i).second) {
      return Status::invalid_argument("duplicate tensor name " + printable(name));
    }
  }
  return table;
}

const TensorView* TensorTable::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

}  // namespace youtu
