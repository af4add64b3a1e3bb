#include "hub/download.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"

namespace youtu::hub {

namespace {

constexpr double kMaxDelayS = 60;
// A server that asks for more patience than this is told about instead.
constexpr double kMaxRetryAfterS = 120;
constexpr int64_t kProgressBytes = int64_t{1} << 20;
// Reasons by which a download begins again in another way.
constexpr std::string_view kNoRanges = "no_ranges";
constexpr std::string_view kAnotherFile = "another_file";

bool wait(double seconds, const DownloadOptions& options) {
  constexpr std::chrono::milliseconds kStep{50};
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    if (options.http.is_stopped()) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

// What all threads of a download share.
class Download {
 public:
  Download(const RemoteFile& file, const DownloadSource& source, const DownloadOptions& options,
           PartFile& part, std::atomic<int64_t>& received)
      : file_(file), source_(source), options_(options), part_(part), received_(received) {
    options_.http.is_stopped = [this, asked = options.http.is_stopped] {
      return has_failed_ || asked();
    };
  }

  Status run() {
    Status status = run_pieces();
    if (status.reason() == kAnotherFile) {  // from now on only the checksum is believed
      RETURN_IF_ERROR(begin_again());
      ignores_etags_ = true;
      status = run_pieces();
    }
    if (status.reason() == kNoRanges) {
      has_failed_ = false;
      status = fetch_whole();
    }
    return status;
  }

 private:
  Status run_pieces() {
    int num_open = 0;
    for (int piece = 0; piece < part_.num_pieces(); ++piece) {
      num_open += part_.done(piece) < part_.piece_bytes(piece);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < std::min(options_.connections, num_open); ++i) {
      threads.emplace_back([this] { work(); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::lock_guard lock(mutex_);
    return first_error_;
  }

  Status begin_again() {
    received_ -= part_.total_done();
    next_piece_ = 0;
    first_error_ = Status::ok();
    has_failed_ = false;
    return part_.forget();
  }

  // The next piece that is not complete; none when all are taken or something failed.
  std::optional<int> next_piece() {
    const std::lock_guard lock(mutex_);
    if (!first_error_) return std::nullopt;
    while (next_piece_ < part_.num_pieces()) {
      const int piece = next_piece_++;
      if (part_.done(piece) < part_.piece_bytes(piece)) return piece;
    }
    return std::nullopt;
  }

  void work() {
    HttpClient client(options_.http);
    while (const std::optional<int> piece = next_piece()) {
      const Status status = with_retries(
          options_, [&] { return fetch_piece(client, *piece); },
          [&] { return part_.done(*piece); });
      const Status saved = part_.save(*piece);
      if (!status || !saved) return fail(status ? saved : status);
    }
  }

  void fail(const Status& status) {
    const std::lock_guard lock(mutex_);
    if (first_error_) first_error_ = status;
    has_failed_ = true;
  }

  Status fetch_piece(HttpClient& client, int piece) {
    const int64_t first = part_.piece_begin(piece) + part_.done(piece);
    const int64_t last = part_.piece_begin(piece) + part_.piece_bytes(piece) - 1;
    const bool is_whole = first == 0 && last == file_.size - 1;
    HttpRequest request{.url = source_.url, .token = source_.token};
    if (!is_whole) request.range = ByteRange{first, last};
    const auto on_head = [&](const HttpHead& head) { return check_head(head, request.range); };
    const auto on_body = [&](std::span<const uint8_t> bytes) { return take(piece, bytes); };
    RETURN_IF_ERROR(client.get(request, on_head, on_body));
    if (part_.done(piece) < part_.piece_bytes(piece)) {
      return Status::unavailable(file_.name + ": the answer is shorter than what was asked for");
    }
    return Status::ok();
  }

  Status take(int piece, std::span<const uint8_t> bytes) {
    const auto size = static_cast<int64_t>(bytes.size());
    if (size > part_.piece_bytes(piece) - part_.done(piece)) {
      return Status::invalid_argument(file_.name +
                                      ": the answer is longer than what was asked for");
    }
    RETURN_IF_ERROR(part_.write(piece, bytes));
    received_ += size;
    return Status::ok();
  }

  Status check_head(const HttpHead& head, const std::optional<ByteRange>& range) {
    RETURN_IF_ERROR(check_identity(head));
    if (!range) {
      if (head.content_length >= 0 && head.content_length != file_.size) {
        return Status::invalid_argument(file_.name + ": has " +
                                        std::to_string(head.content_length) +
                                        " bytes, and its list says " + std::to_string(file_.size));
      }
      return Status::ok();
    }
    if (head.status == 200)
      return {StatusCode::kFailedPrecondition, "", {}, std::string(kNoRanges)};
    const std::string expected = "bytes " + std::to_string(range->first) + "-" +
                                 std::to_string(range->last) + "/" + std::to_string(file_.size);
    if (head.status != 206 || head.content_range != expected) {
      return Status::unavailable(file_.name + ": answers \"" + head.content_range.substr(0, 60) +
                                 "\" where \"" + expected + "\" was asked for");
    }
    return Status::ok();
  }

  // That the hub sends what it listed. Its checksum decides in the end; this saves gigabytes.
  Status check_identity(const HttpHead& head) {
    const std::string& linked = head.linked_digest;
    if (file_.digest && linked.size() == file_.digest->hex.size() && linked != file_.digest->hex) {
      return Status::failed_precondition(file_.name +
                                         ": changed at the hub since its list was read (checksum)");
    }
    if (!source_.commit.empty() && head.repo_commit.size() == source_.commit.size() &&
        head.repo_commit != source_.commit) {
      return Status::failed_precondition(file_.name + ": comes from commit " + head.repo_commit +
                                         ", and " + source_.commit + " was asked for");
    }
    const std::lock_guard lock(mutex_);
    if (etag_.empty()) etag_ = head.etag;
    if (head.etag == etag_ || head.etag.empty() || ignores_etags_) return Status::ok();
    return {StatusCode::kFailedPrecondition, "", {}, std::string(kAnotherFile)};
  }

  // From the beginning in one answer, for servers that know no ranges.
  Status fetch_whole() {
    ignores_etags_ = true;
    HttpClient client(options_.http);
    return with_retries(
        options_,
        [&] {
          RETURN_IF_ERROR(begin_again());
          int piece = 0;
          const auto on_head = [&](const HttpHead& head) { return check_head(head, std::nullopt); };
          const auto on_body = [&](std::span<const uint8_t> bytes) {
            return take_from(piece, bytes);
          };
          RETURN_IF_ERROR(
              client.get({.url = source_.url, .token = source_.token}, on_head, on_body));
          if (part_.total_done() < file_.size) {
            return Status::unavailable(file_.name + ": the answer is shorter than the file");
          }
          return Status::ok();
        },
        [] { return int64_t{0}; });
  }

  Status take_from(int& piece, std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
      while (piece < part_.num_pieces() && part_.done(piece) == part_.piece_bytes(piece)) ++piece;
      if (piece == part_.num_pieces()) {
        return Status::invalid_argument(file_.name + ": the answer is longer than the file");
      }
      const auto room = static_cast<size_t>(part_.piece_bytes(piece) - part_.done(piece));
      const auto now = bytes.first(std::min(room, bytes.size()));
      RETURN_IF_ERROR(take(piece, now));
      bytes = bytes.subspan(now.size());
    }
    return Status::ok();
  }

  const RemoteFile& file_;
  const DownloadSource& source_;
  DownloadOptions options_;
  PartFile& part_;
  std::atomic<int64_t>& received_;
  std::atomic<bool> has_failed_ = false;

  std::mutex mutex_;
  int next_piece_ = 0;
  Status first_error_;
  std::string etag_;
  bool ignores_etags_ = false;
};

}  // namespace

Status with_retries(const DownloadOptions& options, const std::function<Status()>& attempt,
                    const std::function<int64_t()>& progress) {
  int64_t before = progress();
  for (int failures = 0;;) {
    const Status status = attempt();
    if (status || status.code() != StatusCode::kUnavailable) return status;
    if (progress() - before >= kProgressBytes) failures = 0;
    before = progress();
    if (++failures > options.retries) {
      return failures == 1
                 ? status
                 : status.with_prefix("given up after " + std::to_string(failures) + " tries; ");
    }
    if (status.retry_after_seconds() > kMaxRetryAfterS) {
      return status.with_prefix("try again in " +
                                std::to_string(std::lround(status.retry_after_seconds())) + " s; ");
    }
    const double delay =
        std::min(kMaxDelayS, options.retry_delay_s * std::exp2(std::min(failures - 1, 10)));
    if (!wait(std::max(delay, status.retry_after_seconds()), options)) {
      return Status::cancelled("interrupted");
    }
  }
}

Status download(const RemoteFile& file, const DownloadSource& source,
                const DownloadOptions& options, PartFile& part, std::atomic<int64_t>& received) {
  return Download(file, source, options, part, received).run();
}

}  // namespace youtu::hub
