// Which of a model's files are needed: its description and its weights in one form, not every form
// that a repository offers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/file_list.h"

namespace youtu::hub {

struct FileChoice {
  std::vector<RemoteFile> files;  // small ones first
  std::string main_file;          // the GGUF file to open, or empty: the folder is the model
  std::string reason;             // what was chosen among what, for people; empty: no choice
};

// `variant`: a quantisation ("Q4_K_M", in any case), a file's name, "safetensors" or "gguf"; empty
// for the default: safetensors where there are some, else the best of the GGUF files, which is
// Q8_0 and then downwards in quality; 16 and 32 bits come last, as they are twice the size for
// answers that are hardly told apart. Errors list what there is.
Result<FileChoice> choose_files(const FileList& list, std::string_view variant);

// "Q4_K_M" of "Youtu-LLM-2B-Q4_K_M.gguf" and of "youtu.q4_k_m-00001-of-00002.gguf"; empty if the
// name holds none.
std::string quantisation_of(std::string_view file_name);

}  // namespace youtu::hub
