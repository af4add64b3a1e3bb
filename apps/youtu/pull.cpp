// `youtu pull`: a model from a hub into the folder of models. The path that the other commands open
// goes to stdout, everything else to stderr.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/check.h"
#include "commands.h"
#include "hub/hub_site.h"
#include "hub/model_name.h"
#include "hub/model_store.h"
#include "hub/pull.h"
#include "interruption.h"
#include "pull_command.h"
#include "pull_display.h"
#include "report_error.h"

namespace youtu {

namespace {

// As curl, Python's requests and OpenSSL call it.
std::string authorities_file() {
  for (const char* variable : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    if (const char* value = std::getenv(variable); value && *value) return value;
  }
  return "";
}

hub::DownloadOptions download_options(const PullFlags& flags) {
  hub::DownloadOptions options;
  options.http.ca_file = authorities_file();
  options.http.allow_http = flags.allow_http;
  options.http.stall_timeout_s = flags.stall_timeout_s;
  options.http.is_stopped = InterruptionGuard::is_set;
  options.connections = flags.connections;
  options.retries = flags.retries;
  options.retry_delay_s = flags.retry_delay_s;
  return options;
}

}  // namespace

Result<std::string> pull_model(const PullFlags& flags) {
  Result<hub::ModelName> model = hub::parse_model_name(flags.model);
  RETURN_IF_ERROR(model);
  if (!flags.file.empty()) {
    if (!model->variant.empty()) {
      return Status::invalid_argument("--file and :" + model->variant + " name two files", "file");
    }
    model->variant = flags.file;
  }
  const Result<hub::HubSite> site = hub::find_hub_site(flags.from, std::getenv);
  RETURN_IF_ERROR(site);
  const Result<std::string> models = hub::find_models_folder(std::getenv);
  RETURN_IF_ERROR(models);
  const InterruptionGuard guard;
  PullDisplay display(flags.on_progress);
  display.say("pulling " + model->text() + " from " + site->url);
  if (flags.on_progress) flags.on_progress(0);
  const Result<std::string> path =
      hub::pull(*site, *model, *models, download_options(flags), display);
  display.end();
  if (!path && path.status().code() == StatusCode::kCancelled) {
    return Status::cancelled("interrupted; the same command goes on from here");
  }
  return path;
}

void add_pull_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("pull", "Fetch a model from Hugging Face, a mirror of it, or ModelScope");
  auto flags = std::make_shared<PullFlags>();
  command
      ->add_option("model", flags->model, "owner/name, then :QUANT (:Q8_0) and @REVISION if wanted")
      ->required();
  command->add_option("--file", flags->file, "The GGUF file to fetch, instead of :QUANT");
  command
      ->add_option("--from", flags->from,
                   "hf, hf-mirror, modelscope, or the URL of a hub like Hugging Face; default: hf")
      ->envname("YOUTU_PULL_FROM");
  command->add_option("--connections", flags->connections, "For each file; 1 to 16")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command
      ->add_option("--retries", flags->retries,
                   "Tries after a failed one, in a row without a megabyte between; 0 to 100")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      ->add_option("--retry-delay", flags->retry_delay_s,
                   "Seconds before the first; each further one waits twice as long; 0 to 60")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  command
      ->add_option("--stall-timeout", flags->stall_timeout_s,
                   "Seconds with less than 1000 bytes each that end a try; 1 to 600")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  command->add_flag("--allow-http", flags->allow_http,
                    "Plain http to other machines, too; no token is sent over it");
  command->callback([flags, &exit_code] {
    const Result<std::string> path = pull_model(*flags);
    exit_code = path ? kExitOk : report_error(path.status());
    if (path) std::printf("%s\n", path->c_str());
  });
}

}  // namespace youtu
