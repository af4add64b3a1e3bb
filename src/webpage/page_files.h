// The files of the web page: built from web/ when the program is built, and part of it.
#pragma once

#include <span>
#include <string_view>

namespace youtu {

struct PageFile {
  std::string_view path;  // of its URL: "/" or "/assets/<name with a hash of its content>"
  std::string_view content_type;
  std::string_view hash;  // of the content, in letters and digits
  std::string_view bytes;
  std::string_view gzip;    // the same compressed; empty where that saves nothing
  std::string_view brotli;  // likewise
};

// The page itself first. None where the program was built without it (YOUTU_BUILD_WEB=OFF).
std::span<const PageFile> page_files();

}  // namespace youtu
