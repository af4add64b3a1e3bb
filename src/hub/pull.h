// A model from a hub into the folder of models: all of the files that it needs, or nothing that
// looks like a model.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "hub/download.h"
#include "hub/hub_site.h"
#include "hub/model_name.h"
#include "hub/model_store.h"
#include "youtu/status.h"

namespace youtu::hub {

// Is told what a pull does, from the thread that pulls.
class PullMonitor {
 public:
  virtual ~PullMonitor() = default;
  virtual void say(const std::string& line) = 0;
  // From here on `done_bytes` goes towards `total_bytes`.
  virtual void begin(int64_t total_bytes) = 0;
  virtual void begin_file(const std::string& name) = 0;
  virtual void end_file(const RemoteFile& file) = 0;

  std::atomic<int64_t> done_bytes = 0;  // written by the threads that download
};

// Fetches what is missing or has changed and returns the path to open. An interrupted or failed
// pull leaves files of the model as they were, and what has arrived in its .parts folder, from
// where the next one goes on. Errors begin with the model's name.
Result<std::string> pull(const HubSite& site, const ModelName& model,
                         const std::string& models_folder, const DownloadOptions& options,
                         PullMonitor& monitor);

}  // namespace youtu::hub
