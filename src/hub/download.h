// One file from a hub: several connections fetch its pieces, and whatever breaks is tried again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "hub/file_list.h"
#include "hub/http_client.h"
#include "hub/part_file.h"
#include "youtu/status.h"

namespace youtu::hub {

struct DownloadOptions {
  HttpOptions http;
  int connections = 4;       // per file, at most one for each piece
  int retries = 5;           // in a row without a megabyte between them
  double retry_delay_s = 1;  // before the first; doubled for each further one
};

struct DownloadSource {
  std::string url;
  std::string token;
  std::string commit;  // empty: the hub names none
};

// Runs `attempt` until it succeeds, fails for good, or has failed options.retries + 1 times in a
// row. `progress` says how much there is by now: a megabyte more makes the next failure the first.
Status with_retries(const DownloadOptions& options, const std::function<Status()>& attempt,
                    const std::function<int64_t()>& progress);

// Completes `part` from `source`, whose bytes are still to be compared with the digest. `received`
// counts them as they come, and loses those that had to be thrown away. Errors begin with the
// file's name or the host's.
Status download(const RemoteFile& file, const DownloadSource& source,
                const DownloadOptions& options, PartFile& part, std::atomic<int64_t>& received);

}  // namespace youtu::hub
