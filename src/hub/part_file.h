// A file that is on its way: its bytes where they belong, and behind them an account of which are
// there, so that a download goes on after Ctrl-C, a broken connection or `kill -9`.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hub/digest.h"
#include "youtu/status.h"

namespace youtu::hub {

// Pieces are filled from their beginnings, each by one thread at a time; different pieces by
// different threads. Its name is its digest's, so a file that changes at the hub never mixes with
// what was fetched before. Not copied, not moved.
//
// Nothing is flushed between the bytes and the account: a loss of power may keep the second without
// the first, and then the digest tells.
class PartFile {
 public:
  static constexpr int64_t kPieceBytes = int64_t{32} << 20;

  // Opens what is left of an earlier try, or begins. `path` must be a regular file or nothing;
  // symbolic links are refused. Errors name the file.
  PartFile() = default;
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  Status open(const std::string& path, int64_t size);

  int num_pieces() const { return static_cast<int>(done_.size()); }
  int64_t piece_begin(int piece) const { return piece * kPieceBytes; }
  int64_t piece_bytes(int piece) const;
  int64_t done(int piece) const { return done_[static_cast<size_t>(piece)].bytes; }
  int64_t total_done() const;

  // Adds to the end of what the piece has. REQUIRES: it fits.
  Status write(int piece, std::span<const uint8_t> bytes);
  // Writes down how far the piece is; write() does so now and then.
  Status save(int piece);
  // All pieces are empty again.
  Status forget();

  // The digest of the complete file. `on_bytes` is told how many more are read; false ends it with
  // kCancelled.
  Result<Digest> digest(DigestKind kind, const std::function<bool(int64_t)>& on_bytes) const;
  // Waits until the disk has the bytes, cuts the account off and gives the file its name, in place
  // of what has it. REQUIRES: complete.
  Status finish(const std::string& path);
  // Removes the file.
  void discard();

 private:
  struct Done {
    int64_t bytes = 0;
    int64_t unsaved = 0;
  };
  Status error(const char* action) const;
  Status begin();
  bool read_account();
  int64_t account_bytes() const;

  std::string path_;
  int fd_ = -1;
  int64_t size_ = 0;
  std::vector<Done> done_;
};

// Bytes of the disk that a file of this name holds already; 0 if there is none.
int64_t allocated_bytes(const std::string& path);

}  // namespace youtu::hub
