// What SQLite asks of the disk, operation by operation: the default VFS of the test's process, over
// the one of the system.
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
    kWrite,
    kTruncate,
    kSync,        // of one file: its bytes and its size, not its name
    kSyncFolder,  // of the names: what was created is there, what was removed is not
  };
  Kind kind = Kind::kSync;
  std::string name = {};  // in the folder; of kSyncFolder none
  int64_t offset = 0;     // of a write its place, of a truncation the new size
  std::string bytes = {};
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
