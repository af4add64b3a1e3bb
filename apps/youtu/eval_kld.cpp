#include "eval_kld.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "model/model_comparison.h"
#include "text/tokenizer.h"

namespace youtu {

namespace {

constexpr int32_t kDefaultWindow = 512;

// Whether an id means the same in both models; ids that one tokenizer knows no text for are passed
// over, as are models without one.
Status check_same_vocabulary(const OpenedModel& tested, const ModelConfig& config,
                             const OpenedModel& reference, const ModelConfig& reference_config) {
  if (reference_config.vocab_size != config.vocab_size) {
    return Status::invalid_argument(
        fmt::format("{}: a vocabulary of {} tokens (the tested model has {})", reference.path,
                    reference_config.vocab_size, config.vocab_size),
        "reference");
  }
  if (!tested.has_vocab || !reference.has_vocab) return Status::ok();
  const auto ours = BpeTokenizer::create(tested.vocab);
  if (!ours) return ours.status().with_prefix(tested.path + ": tokenizer: ");
  const auto theirs = BpeTokenizer::create(reference.vocab);
  if (!theirs) return theirs.status().with_prefix(reference.path + ": tokenizer: ");
  const TokenId known = std::min((*ours)->vocab_size(), (*theirs)->vocab_size());
  for (TokenId id = 0; id < known; ++id) {
    const std::string_view a = (*ours)->token_bytes(id), b = (*theirs)->token_bytes(id);
    if (a == b || a.empty() || b.empty()) continue;
    return Status::invalid_argument(
        fmt::format("{}: token {} is another text than in the tested model", reference.path, id),
        "reference");
  }
  return Status::ok();
}

// A line per position. Opened before the models are loaded: that it cannot be written should not be
// found out after hours.
class PositionsFile {
 public:
  static Result<PositionsFile> create(const std::string& path) {
    PositionsFile file;
    if (path.empty()) return file;
    file.path_ = path;
    file.file_.reset(std::fopen(path.c_str(), "w"));
    if (!file.file_) return file.error();
    return file;
  }

  Status write(std::span<const PositionComparison> positions, int32_t window) {
    if (!file_) return Status::ok();
    fmt::print(file_.get(),
               "window,position,kld,reference_top,tested_top,next,reference_log_prob,"
               "tested_log_prob\n");
    for (size_t i = 0; i < positions.size(); ++i) {
      const PositionComparison& p = positions[i];
      const auto length = static_cast<size_t>(window);
      fmt::print(file_.get(), "{},{},{:.17g},{},{},", i / length, i % length, p.divergence,
                 p.reference_top, p.tested_top);
      if (p.next == kNoNextToken) {
        fmt::print(file_.get(), ",,\n");
      } else {
        fmt::print(file_.get(), "{},{:.17g},{:.17g}\n", p.next, p.reference_log_prob,
                   p.tested_log_prob);
      }
    }
    return std::fflush(file_.get()) == 0 ? Status::ok() : error();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  Status error() const {
    return Status::invalid_argument(fmt::format("{}: {}", path_, std::strerror(errno)),
                                    "positions");
  }

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
};

// Both sides of a comparison, loaded. Where the reference is the tested model loaded in the same
// way, it is not loaded twice.
struct LoadedPair {
  std::unique_ptr<LoadedModel> tested;
  std::unique_ptr<LoadedModel> own_reference;
  LoadedModel& reference() { return own_reference ? *own_reference : *tested; }
};

Result<LoadedPair> load_pair(const OpenedModel& opened, const OpenedModel& opened_reference,
                             const TestedConfiguration& tested, const std::string& reference_isa) {
  const auto policy = eval_weight_policy(opened, tested);
  RETURN_IF_ERROR(policy);
  LoadOptions as_loaded = tested.load;
  as_loaded.weights = *policy;
  auto model = load_model(opened, as_loaded);
  RETURN_IF_ERROR(model);
  LoadedPair pair;
  pair.tested = std::make_unique<LoadedModel>(*std::move(model));
  // The kernels of the tested configuration, whichever were chosen, so that the order of summation
  // is no part of what is measured.
  as_loaded.isa = pair.tested->backend->info().isa;
  LoadOptions options = reference_load_options(
      reference_isa.empty() ? as_loaded.isa : reference_isa, tested.load.num_threads);
  options.precise_layers = as_loaded.precise_layers;  // says nothing of weights that are not packed
  if (&opened == &opened_reference && options == as_loaded) return pair;
  auto reference = load_model(opened_reference, options);
  if (!reference) {
    const bool blames_isa = reference.status().param() == "isa";
    return blames_isa ? reference.status().with_prefix("--reference-isa: ") : reference.status();
  }
  pair.own_reference = std::make_unique<LoadedModel>(*std::move(reference));
  return pair;
}

std::string_view name_of(AttentionMode mode) {
  switch (mode) {
    case AttentionMode::kAuto:
      return "auto";
    case AttentionMode::kAbsorbed:
      return "absorbed";
    case AttentionMode::kExpanded:
      return "expanded";
  }
  UNREACHABLE();
}

std::string_view name_of(CacheDType dtype) {
  switch (dtype) {
    case CacheDType::kF32:
      return "f32";
    case CacheDType::kBF16:
      return "bf16";
    case CacheDType::kInt8:
      return "int8";
  }
  UNREACHABLE();
}

OrderedJson side_json(const std::string& path, const LoadedModel& model,
                      const TeacherForcingOptions& forcing) {
  return {{"model", path},
          {"weights", model.weight_types},
          {"cache", name_of(forcing.cache_dtype)},
          {"attention", name_of(forcing.attention)},
          {"chunk", forcing.chunk},
          {"isa", model.backend->info().isa},
          {"threads", model.pool->num_threads()}};
}

void print_json(const ComparisonSummary& summary, const ComparisonText& text,
                const OrderedJson& tested, const OrderedJson& reference) {
  const auto& kld = summary.divergence;
  const OrderedJson json = {
      {"tested", tested},
      {"reference", reference},
      {"window", text.window},
      {"windows", text.num_windows()},
      {"positions", summary.num_positions},
      {"predictions", summary.num_predictions},
      {"kld",
       {{"mean", kld.mean},
        {"standard_error", kld.standard_error},
        {"median", kld.median},
        {"p90", kld.p90},
        {"p99", kld.p99},
        {"p99_9", kld.p99_9},
        {"max", kld.max}}},
      {"same_top", summary.same_top},
      {"probability_change",
       {{"rms", summary.probability_change.rms}, {"p99", summary.probability_change.p99}}},
      {"perplexity",
       {{"reference", summary.perplexity.reference},
        {"tested", summary.perplexity.tested},
        {"ratio", summary.perplexity.ratio},
        {"ratio_error", summary.perplexity.ratio_error}}}};
  fmt::print("{}\n", json.dump(2, ' ', false, OrderedJson::error_handler_t::replace));
}

void print_side(std::string_view label, const OrderedJson& side) {
  fmt::print("{:12}{}: {}; {} cache, attention {}, {} tokens a step, {}, threads {}\n", label,
             side["model"].get<std::string>(), side["weights"].get<std::string>(),
             side["cache"].get<std::string>(), side["attention"].get<std::string>(),
             side["chunk"].get<int>(), side["isa"].get<std::string>(), side["threads"].get<int>());
}

void print_text(const ComparisonSummary& summary, const ComparisonText& text,
                const OrderedJson& tested, const OrderedJson& reference) {
  print_side("tested", tested);
  print_side("reference", reference);
  fmt::print("{:12}windows of {} tokens: {}; positions: {}; next tokens: {}\n\n", "text",
             text.window, text.num_windows(), summary.num_positions, summary.num_predictions);
  const auto& kld = summary.divergence;
  fmt::print("{:12}mean {:.4g} ± {:.2g}, median {:.4g}, 90 % {:.4g}, 99 % {:.4g}, 99.9 % {:.4g}, ",
             "KLD (nats)", kld.mean, kld.standard_error, kld.median, kld.p90, kld.p99, kld.p99_9);
  fmt::print("max {:.4g}\n", kld.max);
  fmt::print("{:12}{:.3f} %\n", "same top 1", 100 * summary.same_top);
  if (summary.num_predictions == 0) return;
  fmt::print("{:12}RMS {:.4g} %, 99 % below {:.4g} %\n", "change of p",
             100 * summary.probability_change.rms, 100 * summary.probability_change.p99);
  const auto& perplexity = summary.perplexity;
  fmt::print("{:12}{:.6g}, reference {:.6g}, ratio {:.6f} ± {:.2g}\n", "perplexity",
             perplexity.tested, perplexity.reference, perplexity.ratio, perplexity.ratio_error);
}

// For a person who waits: a large model takes hours for a long text.
void print_progress(int64_t done, int64_t total) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{} of {} tokens{}", done, total, done == total ? "\n" : "");
}

// A packed model has no reference in itself.
Status check_has_reference(const OpenedModel& opened, const KldFlags& flags) {
  if (!opened.packed || !flags.reference.empty()) return Status::ok();
  return Status::invalid_argument(opened.path +
                                      " is packed: --reference names what it was made from (\"" +
                                      opened.packed->path + "\")",
                                  "reference");
}

}  // namespace

Result<WeightPolicy> eval_weight_policy(const OpenedModel& opened,
                                        const TestedConfiguration& tested) {
  if (!tested.weights.empty()) return read_weight_policy(opened, tested.weights);
  return read_weight_policy(opened, opened.packed ? "auto" : "exact");
}

void add_kld_flags(CLI::App& command, KldFlags& flags) {
  CLI::Option* kld = command.add_flag(
      "--kld", flags.is_wanted,
      "Compare this configuration with the same model in F32: KL divergence, same top 1, "
      "perplexity");
  command
      .add_option("--reference", flags.reference,
                  "With --kld: another model as the reference [that of --model]")
      ->needs(kld);
  command
      .add_option("--reference-isa", flags.reference_isa,
                  "With --kld: kernels of the reference [those of the tested configuration]")
      ->needs(kld);
  command
      .add_option("--window", flags.window,
                  "With --kld: tokens that are fed as one sequence (2 to the model's context) "
                  "[512, or the context]")
      ->needs(kld);
  command
      .add_option("--positions", flags.positions,
                  "With --kld: the .csv file to write, a line for each position")
      ->needs(kld);
  command.add_flag("--json", flags.json, "With --kld: print JSON instead of text")->needs(kld);
}

Status compare_with_reference(const TestedConfiguration& tested, const TokenFlags& tokens,
                              const KldFlags& flags) {
  const auto opened = open_model(tested.model);
  RETURN_IF_ERROR(opened);
  RETURN_IF_ERROR(check_has_reference(*opened, flags));
  const auto config = read_model_config(*opened);
  RETURN_IF_ERROR(config);
  auto read = read_eval_tokens(tokens, *opened, config->vocab_size);
  RETURN_IF_ERROR(read);
  ComparisonText text{std::move(read->prefix), std::move(read->tokens)};
  if (text.tokens.size() < 2) {
    return Status::invalid_argument("1 token (at least 2 for --kld)", "tokens");
  }
  const OpenedModel* opened_reference = &*opened;
  auto other = Result<OpenedModel>(OpenedModel());
  int32_t context = config->max_position_embeddings;
  if (!flags.reference.empty()) {
    other = open_model(flags.reference);
    RETURN_IF_ERROR(other);
    const auto other_config = read_model_config(*other);
    RETURN_IF_ERROR(other_config);
    RETURN_IF_ERROR(check_same_vocabulary(*opened, *config, *other, *other_config));
    context = std::min(context, other_config->max_position_embeddings);
    opened_reference = &*other;
  }
  text.window = flags.window.value_or(std::min(kDefaultWindow, context));
  RETURN_IF_ERROR(check_comparison_text(text, context, config->vocab_size));
  auto positions_file = PositionsFile::create(flags.positions);
  RETURN_IF_ERROR(positions_file);

  auto pair = load_pair(*opened, *opened_reference, tested, flags.reference_isa);
  RETURN_IF_ERROR(pair);
  ComparedModel compared{pair->tested.get(), tested.forcing};
  compared.forcing.chunk = std::min(compared.forcing.chunk, text.window);
  const ComparedModel reference{&pair->reference(), reference_forcing(compared.forcing)};
  const auto total = static_cast<int64_t>(text.tokens.size());
  const auto positions =
      compare_models(reference, compared, text, [&](int64_t done) { print_progress(done, total); });
  RETURN_IF_ERROR(positions);
  RETURN_IF_ERROR(positions_file->write(*positions, text.window));

  const OrderedJson tested_side = side_json(opened->path, *compared.model, compared.forcing);
  const OrderedJson reference_side =
      side_json(opened_reference->path, *reference.model, reference.forcing);
  (flags.json ? print_json : print_text)(summarize(*positions), text, tested_side, reference_side);
  return Status::ok();
}

}  // namespace youtu
