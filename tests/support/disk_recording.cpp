#include "tests/support/disk_recording.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace youtu::test {

namespace {

namespace fs = std::filesystem;
using Kind = DiskOperation::Kind;

DiskRecording* active_recording = nullptr;
std::mt19937_64 randomness;  // what SQLite takes for chance: two recordings of one script are alike

sqlite3_vfs& system_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  CHECK(vfs != nullptr);
  return *vfs;
}

// What SQLite knows as a file of ours; the system's own lies behind it in the same memory.
struct RecordedFile {
  sqlite3_file base;
  fs::path* path;            // owned
  DiskRecording* recording;  // none for files that were opened without one, and for nameless ones
  bool syncs_folder;

  sqlite3_file* system() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

RecordedFile& recorded(sqlite3_file* file) {
  return *reinterpret_cast<RecordedFile*>(file);
}

std::string name_of(const RecordedFile& file) {
  return file.path->filename().string();
}

template <auto method, typename... Values>
int pass_on(sqlite3_file* file, Values... values) {
  sqlite3_file* system = recorded(file).system();
  return (system->pMethods->*method)(system, values...);
}

int close(sqlite3_file* file) {
  delete recorded(file).path;
  return pass_on<&sqlite3_io_methods::xClose>(file);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const int code = pass_on<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
  const RecordedFile& it = recorded(file);
  if (code == SQLITE_OK && it.recording) {
    it.recording->add({Kind::kWrite, name_of(it), offset,
                       std::string(static_cast<const char*>(bytes), static_cast<size_t>(size))});
  }
  return code;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = pass_on<&sqlite3_io_methods::xTruncate>(file, size);
  const RecordedFile& it = recorded(file);
  if (code == SQLITE_OK && it.recording) it.recording->add({Kind::kTruncate, name_of(it), size});
  return code;
}

// The system's VFS syncs the folder, too, when a log or journal that it opened is synced for the
// first time: two calls of the system, between which the power may go.
int sync(sqlite3_file* file, int) {
  RecordedFile& it = recorded(file);
  if (!it.recording) return SQLITE_OK;
  it.recording->add({Kind::kSync, name_of(it)});
  if (std::exchange(it.syncs_folder, false)) {
    it.recording->add({Kind::kSyncFolder, it.path->parent_path().string()});
  }
  return SQLITE_OK;
}

// Version 2: without the memory map of the database, whose pages nobody could record.
const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = pass_on<&sqlite3_io_methods::xRead>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = pass_on<&sqlite3_io_methods::xFileSize>,
    .xLock = pass_on<&sqlite3_io_methods::xLock>,
    .xUnlock = pass_on<&sqlite3_io_methods::xUnlock>,
    .xCheckReservedLock = pass_on<&sqlite3_io_methods::xCheckReservedLock>,
    .xFileControl = pass_on<&sqlite3_io_methods::xFileControl>,
    .xSectorSize = pass_on<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass_on<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = pass_on<&sqlite3_io_methods::xShmMap>,
    .xShmLock = pass_on<&sqlite3_io_methods::xShmLock>,
    .xShmBarrier =
        [](sqlite3_file* file) {
          sqlite3_file* system = recorded(file).system();
          system->pMethods->xShmBarrier(system);
        },
    .xShmUnmap = pass_on<&sqlite3_io_methods::xShmUnmap>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  RecordedFile& it = recorded(file);
  it.base.pMethods = nullptr;  // SQLite closes only what has methods
  const bool is_new = path && !fs::exists(path);
  const int code = system_vfs().xOpen(&system_vfs(), path, it.system(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  it.base.pMethods = &kMethods;
  it.recording = path ? active_recording : nullptr;
  it.path = new fs::path(path ? path : "");
  const int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  it.syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & logs) != 0;
  if (it.recording && is_new) it.recording->add({Kind::kCreate, name_of(it)});
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs*, const char* path, int sync_folder) {
  const int code = system_vfs().xDelete(&system_vfs(), path, 0);
  if (code == SQLITE_OK && active_recording) {
    const fs::path removed = path;
    active_recording->add({Kind::kRemove, removed.filename().string()});
    if (sync_folder) active_recording->add({Kind::kSyncFolder, removed.parent_path().string()});
  }
  return code;
}

int fill_randomly(sqlite3_vfs*, int size, char* bytes) {
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<char>(randomness());
  return size;
}

// For the whole process, from before main(): no store may be opened past it.
const int registered = [] {
  static sqlite3_vfs vfs = system_vfs();  // all that is not replaced is the system's
  vfs.szOsFile = static_cast<int>(sizeof(RecordedFile)) + system_vfs().szOsFile;
  vfs.zName = "recording";
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  vfs.xDelete = remove_file;
  vfs.xRandomness = fill_randomly;
  return sqlite3_vfs_register(&vfs, 1);
}();

// Shared memory is made past the VFS and is nothing that a disk keeps.
bool is_recorded(const fs::path& path) {
  return active_recording && !path.string().ends_with("-shm");
}

}  // namespace

DiskRecording::DiskRecording() {
  CHECK(registered == SQLITE_OK && active_recording == nullptr);
  randomness.seed(1);
  sqlite3_randomness(0, nullptr);  // SQLite asks for new randomness
  active_recording = this;
}

DiskRecording::~DiskRecording() {
  active_recording = nullptr;
}

}  // namespace youtu::test

// In place of those of the C library: the dynamic linker gives them to the C++ library as well.
extern "C" {

int rename(const char* from, const char* to) noexcept {
  using namespace youtu::test;
  const int result = ::renameat(AT_FDCWD, from, AT_FDCWD, to);
  if (result == 0 && is_recorded(from)) {
    active_recording->add({.kind = Kind::kRename,
                           .name = fs::path(from).filename().string(),
                           .new_name = fs::path(to).filename().string()});
  }
  return result;
}

int remove(const char* path) noexcept {
  using namespace youtu::test;
  const int result = ::unlinkat(AT_FDCWD, path, 0);
  if (result != 0 && errno == EISDIR) return ::unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
  if (result == 0 && is_recorded(path)) {
    active_recording->add({.kind = Kind::kRemove, .name = fs::path(path).filename().string()});
  }
  return result;
}

// Of folders: files are SQLite's.
int fsync(int fd) {
  using namespace youtu::test;
  struct stat status {};
  if (::fstat(fd, &status) != 0) return -1;
  if (!S_ISDIR(status.st_mode) || !active_recording) return ::fdatasync(fd);
  const fs::path folder = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
  active_recording->add({.kind = Kind::kSyncFolder, .name = folder.string()});
  return 0;
}

}  // extern "C"
