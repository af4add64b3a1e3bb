// `youtu inspect`: what is in a model file or folder, after everything that can be checked without
// computing has been checked. The same facts as a table for people and as JSON for programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "commands.h"
#include "find_model.h"
#include "formats/open_model.h"
#include "formats/packed_model.h"
#include "model/model_config.h"
#include "model/tensor_names.h"
#include "report_error.h"
#include "tensor/dequantize.h"
#include "tensor/not_finite.h"
#include "text/tokenizer.h"

namespace youtu {

namespace {

struct InspectedModel {
  OpenedModel opened;
  ModelConfig config;
  int32_t tokenizer_size = 0;  // ids that the tokenizer knows; 0 without one
};

// The totals of one element type.
struct TypeTotal {
  size_t num_tensors = 0;
  int64_t num_values = 0;
  int64_t num_bytes = 0;
};

Result<InspectedModel> inspect(const std::string& path) {
  auto opened = open_model(path);
  RETURN_IF_ERROR(opened);
  const auto config = read_model_config(*opened);
  RETURN_IF_ERROR(config);
  const auto warnings = check_tensors(*opened, *config);
  RETURN_IF_ERROR(warnings);
  opened->warnings.insert(opened->warnings.end(), warnings->begin(), warnings->end());
  InspectedModel model = {*std::move(opened), *config, 0};
  if (model.opened.has_vocab) {
    const auto tokenizer = BpeTokenizer::create(model.opened.vocab);
    if (!tokenizer) return tokenizer.status().with_prefix(path + ": tokenizer: ");
    model.tokenizer_size = (*tokenizer)->vocab_size();
  }
  return model;
}

// Reads every weight; what is found becomes one warning.
void verify(OpenedModel& opened) {
  std::string first;
  int num_bad = 0;
  for (const TensorView& tensor : opened.tensors->tensors()) {
    if (!can_dequantize(tensor.dtype)) continue;  // no weights
    const auto found = find_not_finite(tensor);
    if (!found || ++num_bad > 1) continue;
    first =
        fmt::format("{}[{}] is {} ({} of its {} values are not finite", tensor.name,
                    fmt::join(found->index, ", "), found->value, found->count, tensor.num_values());
  }
  if (num_bad == 0) return;
  opened.warnings.push_back(
      fmt::format("{}: {}; tensors with such values: {})", opened.path, first, num_bad));
  fmt::print(stderr, "warning: {}\n", opened.warnings.back());
}

std::map<std::string, TypeTotal> totals_by_type(const TensorSource& tensors) {
  std::map<std::string, TypeTotal> totals;
  for (const TensorView& tensor : tensors.tensors()) {
    TypeTotal& total = totals[tensor.type_name()];
    ++total.num_tensors;
    total.num_values += tensor.num_values();
    total.num_bytes += static_cast<int64_t>(tensor.data.size());
  }
  return totals;
}

TypeTotal grand_total(const std::map<std::string, TypeTotal>& totals) {
  TypeTotal sum;
  for (const auto& [type, total] : totals) {
    sum.num_tensors += total.num_tensors;
    sum.num_values += total.num_values;
    sum.num_bytes += total.num_bytes;
  }
  return sum;
}

// A packed file holds some weights twice, in both directions.
int64_t num_parameters(const InspectedModel& model, const TypeTotal& sum) {
  if (!model.opened.packed) return sum.num_values;
  int64_t count = 0;
  for (const ExpectedTensor& tensor :
       expected_tensors(model.config, name_style(model.opened), /*split_kv_b=*/true)) {
    count += model.opened.tensors->find(tensor.file_name)->num_values();
  }
  return count;
}

// In the order in which a person reads a configuration.
OrderedJson config_json(const ModelConfig& config) {
  OrderedJson json;
  json["hidden_size"] = config.hidden_size;
  json["intermediate_size"] = config.intermediate_size;
  json["num_hidden_layers"] = config.num_hidden_layers;
  json["num_attention_heads"] = config.num_attention_heads;
  json["q_lora_rank"] = config.q_lora_rank == 0 ? OrderedJson() : OrderedJson(config.q_lora_rank);
  json["kv_lora_rank"] = config.kv_lora_rank;
  json["qk_nope_head_dim"] = config.qk_nope_head_dim;
  json["qk_rope_head_dim"] = config.qk_rope_head_dim;
  json["v_head_dim"] = config.v_head_dim;
  json["vocab_size"] = config.vocab_size;
  json["max_position_embeddings"] = config.max_position_embeddings;
  // Through text, because a float as a double shows digits that no file had.
  json["rms_norm_eps"] = OrderedJson::parse(fmt::format("{}", config.rms_norm_eps));
  json["rope_theta"] = config.rope_theta;
  json["rope_interleave"] = config.rope_interleave;
  json["tie_word_embeddings"] = config.tie_word_embeddings;
  return json;
}

OrderedJson tokenizer_json(const InspectedModel& model) {
  if (!model.opened.has_vocab) return nullptr;
  const VocabSpec& vocab = model.opened.vocab;
  OrderedJson json;
  json["tokens"] = model.tokenizer_size;
  json["merges"] = vocab.merges.size();
  json["added_tokens"] = vocab.added_tokens.size();
  json["bos_token_id"] = vocab.bos_id ? OrderedJson(*vocab.bos_id) : OrderedJson();
  json["eos_token_ids"] = vocab.eos_ids;
  return json;
}

OrderedJson to_json(const InspectedModel& model) {
  const OpenedModel& opened = model.opened;
  const auto totals = totals_by_type(*opened.tensors);
  const TypeTotal sum = grand_total(totals);
  OrderedJson json;
  json["path"] = opened.path;
  json["format"] = opened.format;
  if (opened.packed) {
    json["packed"] = {{"source", opened.packed->path},
                      {"source_format", opened.packed->format},
                      {"weights", opened.packed->weights},
                      {"key", opened.packed->key},
                      {"layout", kPackedLayoutVersion}};
  }
  json["architecture"] = "YoutuForCausalLM";
  json["config"] = config_json(model.config);
  json["num_parameters"] = num_parameters(model, sum);
  json["num_bytes"] = sum.num_bytes;
  for (const auto& [type, total] : totals) {
    json["types"][type] = {
        {"tensors", total.num_tensors}, {"values", total.num_values}, {"bytes", total.num_bytes}};
  }
  json["tensors"] = OrderedJson::array();
  for (const TensorView& tensor : opened.tensors->tensors()) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"type", tensor.type_name()},
                               {"shape", tensor.shape},
                               {"bytes", tensor.data.size()}});
  }
  json["tokenizer"] = tokenizer_json(model);
  json["chat_template"] = nullptr;
  if (!opened.vocab.chat_template.empty()) {
    json["chat_template"] = {{"source", opened.vocab.chat_template_name},
                             {"text", opened.vocab.chat_template}};
  }
  json["warnings"] = opened.warnings;
  return json;
}

// "3.65 GiB"
std::string byte_size(int64_t bytes) {
  constexpr std::string_view kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.2f} {}", size, kUnits[unit]);
}

void print_tensors(const TensorSource& source) {
  size_t width = 0;
  for (const TensorView& tensor : source.tensors()) width = std::max(width, tensor.name.size());
  fmt::print("\ntensors\n");
  for (const TensorView& tensor : source.tensors()) {
    fmt::print("  {:{}}  {:8}  {:>12}  [{}]\n", tensor.name, width, tensor.type_name(),
               byte_size(static_cast<int64_t>(tensor.data.size())), fmt::join(tensor.shape, ", "));
  }
}

void print_text(const InspectedModel& model) {
  const OpenedModel& opened = model.opened;
  const VocabSpec& vocab = opened.vocab;
  fmt::print("model         {}\n", opened.path);
  fmt::print("format        {}\n", opened.format);
  if (opened.packed) {
    fmt::print("packed        as {}, layout {}, from {}\n", opened.packed->weights,
               kPackedLayoutVersion, opened.packed->path);
  }
  fmt::print("architecture  YoutuForCausalLM (dense, multi-head latent attention)\n");
  const auto totals = totals_by_type(*opened.tensors);
  const TypeTotal sum = grand_total(totals);
  fmt::print("parameters    {} in {} tensors, {}\n", num_parameters(model, sum), sum.num_tensors,
             byte_size(sum.num_bytes));
  for (const auto& [type, total] : totals) {
    fmt::print("              {:8}  {:5} tensors  {:>12}\n", type, total.num_tensors,
               byte_size(total.num_bytes));
  }
  if (opened.has_vocab) {
    fmt::print("tokenizer     {} tokens, {} merges, {} added tokens; begin {}, end {}\n",
               model.tokenizer_size, vocab.merges.size(), vocab.added_tokens.size(),
               vocab.bos_id ? std::to_string(*vocab.bos_id) : "none",
               vocab.eos_ids.empty() ? "none" : fmt::format("{}", fmt::join(vocab.eos_ids, ", ")));
  } else {
    fmt::print("tokenizer     none\n");
  }
  fmt::print("template      {}\n", vocab.chat_template.empty()
                                       ? std::string("none")
                                       : fmt::format("{}, {} bytes", vocab.chat_template_name,
                                                     vocab.chat_template.size()));
  fmt::print("\nconfiguration\n");
  const OrderedJson config = config_json(model.config);
  for (const auto& [key, value] : config.items()) {
    fmt::print("  {:24} {}\n", key, value.is_null() ? "none" : value.dump());
  }
  print_tensors(*opened.tensors);
  if (!opened.warnings.empty()) fmt::print("\nwarnings\n");
  for (const std::string& warning : opened.warnings) fmt::print("  {}\n", warning);
}

struct InspectOptions {
  std::string path;
  bool json = false;
  bool verify = false;
};

int run_inspect(const InspectOptions& options) {
  const auto path = find_model(options.path);
  if (!path) return report_error(path.status());
  auto model = inspect(*path);
  if (!model) {
    fmt::print(stderr, "error: {}\n", model.status().message());
    return kExitModel;
  }
  if (options.verify && model->opened.packed) {
    if (const Status status = verify_packed_file(*path); !status) {
      fmt::print(stderr, "error: {}\n", status.message());
      return kExitModel;
    }
  }
  if (options.verify) verify(model->opened);
  if (options.json) {
    fmt::print("{}\n", to_json(*model).dump(2, ' ', false, OrderedJson::error_handler_t::replace));
  } else {
    print_text(*model);
  }
  return kExitOk;
}

}  // namespace

void add_inspect_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Check a model and print its architecture, tensors, tokenizer and template");
  command
      ->add_option("model", options->path,
                   "A Hugging Face folder, a .gguf or a .youtu file, or a pulled model's name")
      ->required();
  command->add_flag("--json", options->json, "Print JSON instead of tables");
  command->add_flag(
      "--verify", options->verify,
      "Read every weight, and warn of those that are NaN or infinite; of a .youtu file, "
      "compare checksums");
  command->callback([options, &exit_code] { exit_code = run_inspect(*options); });
}

}  // namespace youtu
