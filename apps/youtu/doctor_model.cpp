#include "doctor_model.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/available_memory.h"
#include "base/check.h"
#include "base/proc_file.h"
#include "find_model.h"
#include "formats/open_model.h"
#include "formats/packed_model.h"
#include "hub/model_name.h"
#include "hub/model_store.h"
#include "memory_report.h"
#include "model/model_config.h"
#include "model/tensor_names.h"
#include "tensor/dequantize.h"
#include "tensor/not_finite.h"
#include "youtu/engine.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFiles = "model";

Finding missing_model(const ServerConfig& config, const Status& status) {
  std::error_code error;
  const bool can_be_pulled = !config.offline && !hub::is_offline(std::getenv) &&
                             hub::is_like_model_name(config.model) &&
                             !fs::exists(config.model, error);
  if (can_be_pulled) {
    return {kFiles, Verdict::kWarn, config.model + " is not here yet",
            "youtu pull " + config.model + ", or youtu serve does it at its start"};
  }
  return {kFiles, Verdict::kBad, status.message(), "another model, or pull it (youtu pull)"};
}

// Where the model was pulled: what the hub said of its files.
Result<std::optional<hub::PulledModel>> pulled_model_at(const std::string& path) {
  const Result<std::string> models = hub::find_models_folder(std::getenv);
  if (!models) return std::optional<hub::PulledModel>();  // nowhere to pull to
  Result<std::vector<hub::PulledModel>> pulled = hub::list_pulled(*models);
  RETURN_IF_ERROR(pulled);
  for (hub::PulledModel& model : *pulled) {
    std::error_code error;
    if (fs::equivalent(model.folder, path, error) ||
        fs::equivalent(model.folder, fs::path(path).parent_path(), error)) {
      return std::optional(std::move(model));
    }
  }
  return std::optional<hub::PulledModel>();
}

Status check_values(const OpenedModel& opened) {
  for (const TensorView& tensor : opened.tensors->tensors()) {
    if (!can_dequantize(tensor.dtype)) continue;  // no weights
    if (const auto found = find_not_finite(tensor)) {
      return Status::invalid_argument(fmt::format("{}: {} of the values of {} are not finite",
                                                  opened.path, found->count, tensor.name));
    }
  }
  return Status::ok();
}

// How it is known that the bytes are right, or what is wrong with them.
Result<std::string> check_bytes(const OpenedModel& opened) {
  if (opened.packed) {
    RETURN_IF_ERROR(verify_packed_file(opened.path));
    return std::string("all checksums of the file are right");
  }
  const auto pulled = pulled_model_at(opened.path);
  RETURN_IF_ERROR(pulled);
  if (*pulled) {
    const std::string damaged = (*pulled)->first_damaged();
    if (damaged.empty()) return "all checksums of " + (*pulled)->source + " are right";
    return Status::invalid_argument((*pulled)->folder + ": " + damaged +
                                    " is not what was pulled (checksum)");
  }
  RETURN_IF_ERROR(check_values(opened));
  return std::string("whole, all weights are finite; nobody gave checksums");
}

Result<std::string> check_files(const std::string& path) {
  const Result<OpenedModel> opened = open_model(path);
  RETURN_IF_ERROR(opened);
  const Result<ModelConfig> config = read_model_config(*opened);
  RETURN_IF_ERROR(config);
  const Result<std::vector<std::string>> warnings = check_tensors(*opened, *config);
  RETURN_IF_ERROR(warnings);
  const Result<std::string> bytes = check_bytes(*opened);
  RETURN_IF_ERROR(bytes);
  return fmt::format("{} ({}): {}", path, opened->format, *bytes);
}

// What the machine has, where a control group allows less than that.
std::string group_note(int64_t available_bytes) {
  const std::optional<int64_t> machine =
      parse_memory_field(read_proc_file("/proc/meminfo"), "MemAvailable");
  if (!machine || *machine <= available_bytes) return "";
  return fmt::format(" to this control group (the machine has {})", bytes_text(*machine));
}

Finding check_room(const MemoryReport& report) {
  if (!report.available_bytes) {
    return {"memory", Verdict::kOk,
            fmt::format("the start takes {}; this system does not tell how much is available",
                        bytes_text(report.plan.start_bytes()))};
  }
  const int64_t available = *report.available_bytes, need = report.plan.start_bytes();
  const std::string note = group_note(available);
  if (const Status status = check_memory(report); !status) {
    return {"memory", Verdict::kBad, status.message() + (note.empty() ? "" : ";" + note),
            "one of these settings, or more memory (docs/memory.md)"};
  }
  Finding finding = {"memory", Verdict::kOk,
                     fmt::format("the start takes {}, {} are available{}", bytes_text(need),
                                 bytes_text(available), note)};
  if (available - need < report.plan.request_bytes) {
    finding.verdict = Verdict::kWarn;
    finding.found +=
        fmt::format("; requests may take {} more", bytes_text(report.plan.request_bytes));
    finding.advice = "fewer max_queued_requests, a smaller max_batch_size, or more memory";
  }
  return finding;
}

}  // namespace

ModelFindings check_model(const ServerConfig& config) {
  const Result<std::string> path = find_model(config.model, {.offline = true});
  if (!path) return {missing_model(config, path.status()), std::nullopt, std::nullopt};
  const Result<std::string> files = check_files(*path);
  if (!files) {
    return {{kFiles, Verdict::kBad, files.status().message(),
             "get the file again: youtu pull of it, or from where you have it"},
            std::nullopt,
            std::nullopt};
  }
  ModelFindings findings = {{kFiles, Verdict::kOk, *files}, std::nullopt, std::nullopt};
  const Result<MemoryReport> report = plan_memory(engine_options(config, *path));
  if (!report) {
    findings.memory = {"memory", Verdict::kBad, report.status().message(), "see docs/config.md"};
    return findings;
  }
  findings.memory = check_room(*report);
  findings.weight_bytes = report->plan.weight_bytes;
  return findings;
}

}  // namespace youtu
