// `youtu list` and `youtu rm`: the models that were pulled.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "commands.h"
#include "hub/model_name.h"
#include "hub/model_store.h"
#include "progress_bar.h"
#include "report_error.h"

namespace youtu {

namespace {

Status list() {
  const Result<std::string> models = hub::find_models_folder(std::getenv);
  RETURN_IF_ERROR(models);
  const Result<std::vector<hub::PulledModel>> pulled = hub::list_pulled(*models);
  RETURN_IF_ERROR(pulled);
  if (pulled->empty()) {
    fmt::print("no models in {} (youtu pull tencent/Youtu-LLM-2B-GGUF)\n", *models);
    return Status::ok();
  }
  size_t width = 0;
  for (const hub::PulledModel& model : *pulled) width = std::max(width, model.model.text().size());
  for (const hub::PulledModel& model : *pulled) {
    const std::string missing = model.first_missing();
    fmt::print("{:<{}}  {:>9}  {}{}\n", model.model.text(), width,
               file_size_text(model.total_bytes()), model.folder,
               missing.empty() ? "" : "  (incomplete: " + missing + ")");
  }
  return Status::ok();
}

Status remove(const std::string& given) {
  const Result<hub::ModelName> name = hub::parse_model_name(given);
  RETURN_IF_ERROR(name);
  if (!name->variant.empty()) {
    return Status::invalid_argument(
        "a model is removed as a whole: leave :" + name->variant + " out", "model");
  }
  const Result<std::string> models = hub::find_models_folder(std::getenv);
  RETURN_IF_ERROR(models);
  const Result<std::optional<hub::PulledModel>> pulled = hub::read_pulled(*models, *name);
  RETURN_IF_ERROR(pulled);
  if (!*pulled) {
    return Status::not_found(name->text() + " is not pulled (youtu list shows what is)");
  }
  const Result<hub::ModelLock> lock = hub::ModelLock::take((*pulled)->folder);
  RETURN_IF_ERROR(lock);
  const Result<int64_t> freed = hub::remove_pulled(**pulled);
  RETURN_IF_ERROR(freed);
  fmt::print("removed {}, {}\n", name->text(), file_size_text(*freed));
  return Status::ok();
}

}  // namespace

void add_list_command(CLI::App& app, int& exit_code) {
  app.add_subcommand("list", "The models that were pulled")->callback([&exit_code] {
    const Status status = list();
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

void add_rm_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("rm", "Remove a model that was pulled");
  auto model = std::make_shared<std::string>();
  command->add_option("model", *model, "owner/name, with @REVISION if it was pulled so")
      ->required();
  command->callback([model, &exit_code] {
    const Status status = remove(*model);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
