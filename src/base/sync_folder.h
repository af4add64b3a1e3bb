// When a name is on the disk: a file that was created or renamed, or a folder in its folder.
#pragma once

#include <string>

namespace youtu {

// Waits until the disk has the names in the folder. That a file system cannot do this is no error:
// the names are right, and there is no better way to keep them.
void sync_folder(const std::string& path);

}  // namespace youtu
