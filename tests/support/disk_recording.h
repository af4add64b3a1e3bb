// What a store asks of the disk, operation by operation. Its SQLite does so by the default VFS of
// the test's process, which is ours, over the one of the system; what else it does with files are
// rename(), remove() and fsync(), which are ours, too.
//
// Files are really written, so SQLite works as ever. A sync is recorded and not done: what a test
// writes need not outlive a loss of power, and thousands of stores are opened in seconds. Not
// thread-safe: for tests whose stores are used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace youtu::test {

struct DiskOperation {
  enum class Kind {
    kCreate,
    kRemove,
    kRename,
    kWrite,
    kTruncate,
    kSync,        // of one file: its bytes and its size, not its name
    kSyncFolder,  // of the names in it
  };
  Kind kind = Kind::kSync;
  std::string name = {};      // in the folder of the databases; of kSyncFolder the path of a folder
  int64_t offset = 0;         // of a write its place, of a truncation the new size
  std::string bytes = {};     // of a write
  std::string new_name = {};  // of a renaming
};

// Records from its making to its end, one at a time. REQUIRES: databases that are opened meanwhile
// are in one folder, and are closed before it ends.
class DiskRecording {
 public:
  DiskRecording();
  DiskRecording(const DiskRecording&) = delete;
  DiskRecording& operator=(const DiskRecording&) = delete;
  ~DiskRecording();

  const std::vector<DiskOperation>& operations() const { return operations_; }
  void add(DiskOperation operation) { operations_.push_back(std::move(operation)); }

 private:
  std::vector<DiskOperation> operations_;
};

}  // namespace youtu::test
