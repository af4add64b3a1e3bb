// A program without the web page (YOUTU_BUILD_WEB=OFF).
#include "webpage/page_files.h"

namespace youtu {

std::span<const PageFile> page_files() {
  return {};
}

}  // namespace youtu
