// What a disk may hold after a loss of power: a recording of what was asked of it, played up to a
// moment.
//
// The model, meaner than a common file system:
// - What the file held at its last sync is there. What came later may be there or not, each sector
//   of 512 bytes for itself and in any order: a sector is what it was at the sync or after any
//   write since. A sector that was on its way may be torn: its first bytes of one time, the rest of
//   another; or the bytes that were changing are anything at all.
// - The size of the file is one that it has had since the sync.
// - The names are synced with the folder only: until then a new file may be missing, a removed one
//   be there again and a renamed one have its old name, each for itself, whatever was synced of its
//   bytes. With a folder that is new all may be missing until its own name was synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/disk_recording.h"

namespace youtu::test {

class LossyDisk {
 public:
  // What is in the folder now is there for certain. The folder may be missing.
  explicit LossyDisk(const std::string& folder);

  void play(const DiskOperation& operation);
  // Writes what the random numbers leave of the files into an empty folder.
  void lose_power(std::mt19937_64& random, const std::string& folder) const;

 private:
  struct File {
    std::string now;
    std::string synced;
    // Sectors since the sync, each version of it in order, and sizes likewise.
    std::map<size_t, std::vector<std::string>> sectors = {};
    std::vector<size_t> sizes = {};
  };
  // What changes of the names at once: a place in files_ for each, or nothing (-1).
  using Renaming = std::map<std::string, int>;

  File& file(const std::string& name);
  void rename(const Renaming& renaming);
  static void note_change(File& file, size_t begin, size_t end);
  static std::string remains(const File& file, std::mt19937_64& random);

  std::string folder_;
  std::set<std::string> unsynced_folders_;  // in which the folder or one above it is new
  std::vector<File> files_;
  std::map<std::string, int> names_;
  std::map<std::string, int> synced_names_;
  std::vector<Renaming> renamings_;  // since the folder was synced
};

}  // namespace youtu::test
