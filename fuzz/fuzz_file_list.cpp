// The lists of files that hubs answer. What is accepted must stay inside of a folder.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "hub/file_choice.h"
#include "hub/file_list.h"

namespace {

void check(const youtu::Result<youtu::hub::FileList>& list) {
  if (!list) return;
  CHECK(list->files.size() <= youtu::hub::kMaxListedFiles);
  for (const youtu::hub::RemoteFile& file : list->files) {
    CHECK(youtu::hub::is_safe_file_name(file.name));
    CHECK(file.name.front() != '/' && file.name.find("//") == file.name.npos);
    CHECK(file.size >= 0);
    if (file.digest) {
      CHECK(file.digest->hex.find_first_not_of("0123456789abcdef") == std::string::npos);
    }
  }
  for (const char* variant : {"", "gguf", "safetensors", "Q8_0"}) {
    const auto choice = youtu::hub::choose_files(*list, variant);
    if (!choice) continue;
    CHECK(!choice->files.empty());
    for (const youtu::hub::RemoteFile& file : choice->files) {
      CHECK(file.digest && file.name.find('/') == file.name.npos);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(youtu::hub::parse_hugging_face_list(text));
  check(youtu::hub::parse_modelscope_list(text));
  return 0;
}
