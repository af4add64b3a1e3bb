// GGUF models on disk: one file, or the parts of a split one, put together.
#include <cstdio>
#include <optional>

#include "base/check.h"
#include "formats/gguf.h"
#include "formats/tensor_table.h"

namespace youtu {

namespace {

constexpr int64_t kMaxParts = 1024;
constexpr std::string_view kCountKey = "split.count";
constexpr std::string_view kPartKey = "split.no";
constexpr std::string_view kTensorsKey = "split.tensors.count";

struct OpenedPart {
  MappedFile file;
  GgufContents contents;
};

Result<OpenedPart> open_part(const std::string& path) {
  auto file = MappedFile::open(path);
  RETURN_IF_ERROR(file);
  auto contents = parse_gguf(file->bytes());
  if (!contents) return contents.status().with_prefix(path + ": ");
  return OpenedPart{*std::move(file), *std::move(contents)};
}

// "-00002-of-00003.gguf", with `part` counted from 1.
std::string split_suffix(int64_t part, int64_t count) {
  char text[64];
  std::snprintf(text, sizeof(text), "-%05d-of-%05d.gguf", static_cast<int>(part),
                static_cast<int>(count));
  return text;
}

// The part of `path` before its split suffix, or an error that says what the suffix should be.
Result<std::string> split_prefix(const std::string& path, int64_t count) {
  const std::string suffix = split_suffix(1, count);
  if (path.size() <= suffix.size() || !path.ends_with(suffix)) {
    return Status::invalid_argument("split.count is " + std::to_string(count) +
                                    ", but the file's name does not end in " + suffix);
  }
  return path.substr(0, path.size() - suffix.size());
}

// Which part of how many `metadata` says it is; {0, 1} for a file that is not split.
struct SplitPlace {
  int64_t part = 0;
  int64_t count = 1;
};
Result<SplitPlace> split_place(const GgufMetadata& metadata) {
  const auto count = metadata.find_int(kCountKey, 0, kMaxParts);
  RETURN_IF_ERROR(count);
  // llama.cpp writes 0 or 1 into files that it has merged again.
  if (!*count || **count <= 1) return SplitPlace{};
  const auto part = metadata.get_int(kPartKey, 0, **count - 1);
  RETURN_IF_ERROR(part);
  return SplitPlace{*part, **count};
}

Status check_place(const SplitPlace& place, const SplitPlace& expected) {
  if (place.part == expected.part && place.count == expected.count) return Status::ok();
  return Status::invalid_argument(
      "split.no and split.count say part " + std::to_string(place.part + 1) + " of " +
      std::to_string(place.count) + " (part " + std::to_string(expected.part + 1) + " of " +
      std::to_string(expected.count) + " is expected)");
}

// Appends the tensors of parts 2 to `count`.
Status add_parts(const std::string& prefix, int64_t count, std::vector<MappedFile>& files,
                 std::vector<TensorView>& tensors) {
  for (int64_t i = 1; i < count; ++i) {
    const std::string path = prefix + split_suffix(i + 1, count);
    auto part = open_part(path);
    if (!part && part.status().code() == StatusCode::kNotFound) {
      return Status::not_found(path + ": part " + std::to_string(i + 1) +
                               " of the split model is missing");
    }
    RETURN_IF_ERROR(part);
    const auto place = split_place(part->contents.metadata);
    if (!place) return place.status().with_prefix(path + ": ");
    if (Status status = check_place(*place, {i, count}); !status)
      return status.with_prefix(path + ": ");
    files.push_back(std::move(part->file));
    for (TensorView& tensor : part->contents.tensors) tensors.push_back(std::move(tensor));
  }
  return Status::ok();
}

Status check_total(const GgufMetadata& metadata, size_t num_tensors) {
  const auto total = metadata.find_int(kTensorsKey, 0, INT32_MAX);
  RETURN_IF_ERROR(total);
  if (*total && static_cast<size_t>(**total) != num_tensors) {
    return Status::invalid_argument(std::string(kTensorsKey) + " is " + std::to_string(**total) +
                                    ", but the split parts hold " + std::to_string(num_tensors) +
                                    " tensors");
  }
  return Status::ok();
}

}  // namespace

Result<GgufModel> open_gguf(const std::string& path) {
  auto first = open_part(path);
  RETURN_IF_ERROR(first);
  const std::string where = path + ": ";
  const auto place = split_place(first->contents.metadata);
  if (!place) return place.status().with_prefix(where);
  std::vector<MappedFile> files;
  files.push_back(std::move(first->file));
  std::vector<TensorView> tensors = std::move(first->contents.tensors);
  if (place->count > 1) {
    if (place->part != 0) {
      return Status::invalid_argument(where + "is part " + std::to_string(place->part + 1) +
                                      " of a split model (open the first part)");
    }
    const auto prefix = split_prefix(path, place->count);
    if (!prefix) return prefix.status().with_prefix(where);
    RETURN_IF_ERROR(add_parts(*prefix, place->count, files, tensors));
    if (Status status = check_total(first->contents.metadata, tensors.size()); !status) {
      return status.with_prefix(where);
    }
  }
  auto table = TensorTable::create(std::move(files), std::move(tensors));
  if (!table) return table.status().with_prefix(where);
  return GgufModel{first->contents.version, *std::move(table), std::move(first->contents.metadata)};
}

}  // namespace youtu
