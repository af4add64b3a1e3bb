// What a hub says a model's files are. Hubs are not trusted: names, sizes and checksums are held to
// what they may be before anything is done with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/digest.h"
#include "youtu/status.h"

namespace youtu::hub {

struct RemoteFile {
  std::string name;  // a relative path, plain parts only
  int64_t size = 0;
  std::optional<Digest> digest = {};
};

struct FileList {
  std::string commit = {};  // what the files were listed at; empty: the hub does not say
  std::vector<RemoteFile> files = {};
};

inline constexpr size_t kMaxListBytes = size_t{16} << 20;
inline constexpr size_t kMaxListedFiles = 10'000;

// The answer of Hugging Face's /api/models/<model>/revision/<revision>?blobs=true.
Result<FileList> parse_hugging_face_list(std::string_view text);
// The answer of ModelScope's /api/v1/models/<model>/repo/files?Recursive=true.
Result<FileList> parse_modelscope_list(std::string_view text);

// Whether a file of this name stays in the folder that it is put in: a relative path without "..",
// backslashes, control characters, or parts that are longer than a file system holds.
bool is_safe_file_name(std::string_view name);

}  // namespace youtu::hub
