#include "base/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

namespace youtu {

void sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

}  // namespace youtu
