// What it costs to hold an answer to a format (docs/structured-output.md): compiling, bringing it
// together with the vocabulary, the mask of a place that was not met before, one that was, and
// putting it on a row of logits. The vocabulary is a real one.
//   format_bench <tokenizer.json | vocabulary.gguf> [flags of Google Benchmark]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "formats/gguf_vocab.h"
#include "formats/tokenizer_json.h"
#include "grammar/format_compiler.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

using Kind = OutputFormat::Kind;

constexpr const char* kSchema = R"({"type":"object","properties":{
  "name":{"type":"string","maxLength":80},"age":{"type":"integer","minimum":0,"maximum":150},
  "email":{"type":"string","format":"email"},
  "tags":{"type":"array","items":{"enum":["red","green","blue","dark blue"]},"maxItems":5},
  "address":{"type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}},
    "required":["street","city"]},
  "note":{"type":["string","null"]}},"required":["name","age","address"]})";
constexpr const char* kAnswer =
    R"({"name": "李小龙 Bruce Lee", "age": 32, "email": "bruce@example.com", "tags": ["red", )"
    R"("dark blue"], "address": {"street": "彌敦道 41 Cumberland Road", "city": "Hong Kong"}, )"
    R"("note": "An actor, and a teacher of martial arts. \"Be water, my friend.\""})";

struct Example {
  const char* name;
  OutputFormat format;
  std::string answer;
};

std::vector<Example> examples() {
  return {
      {"object", {.kind = Kind::kJsonObject}, kAnswer},
      {"schema", {.kind = Kind::kJsonSchema, .text = kSchema}, kAnswer},
      {"bounded_string",
       {.kind = Kind::kJsonSchema, .text = R"({"type":"string","maxLength":200})"},
       "\"A string that may be two hundred characters long at most, 也有中文, and so each of "
       "its places is one of its own.\""},
      {"regex",
       {.kind = Kind::kRegex, .text = "[A-Za-z ,.]{20,200}"},
       "Letters and spaces only, which are most of the tokens of English and none of Chinese."},
      {"thought",
       {.kind = Kind::kChoice, .choices = {"yes", "no"}, .after = "</think>"},
       "Let me think about it. It says so, and therefore it is.</think>\n\nyes"},
      {"tool_call",
       {.kind = Kind::kGrammar,
        .text =
            std::string("root ::= \"<tool_call>\\n\" %json ") + kSchema + " \"\\n</tool_call>\""},
       std::string("<tool_call>\n") + kAnswer + "\n</tool_call>"},
  };
}

Result<std::shared_ptr<const Tokenizer>> read_tokenizer(const std::string& path) {
  if (path.ends_with(".gguf")) {
    const auto model = open_gguf(path);
    RETURN_IF_ERROR(model);
    auto spec = read_gguf_vocab(model->metadata);
    RETURN_IF_ERROR(spec);
    return BpeTokenizer::create(*std::move(spec));
  }
  const auto text = read_file(path, kMaxTokenizerJsonBytes);
  RETURN_IF_ERROR(text);
  auto spec = read_tokenizer_json({.tokenizer_json = *text});
  RETURN_IF_ERROR(spec);
  return BpeTokenizer::create(*std::move(spec));
}

// Asks for the mask of every place of the answer. REQUIRES: the answer has the format.
void follow_answer(CompiledFormat& format, const std::vector<TokenId>& answer) {
  FormatCursor cursor;
  for (size_t n = 0; n <= answer.size(); ++n) {
    format.follow(cursor, std::span(answer).first(n));
    const auto mask = format.mask(cursor);
    CHECK(mask.is_ok());
    CHECK(n == answer.size() || (*mask)->allows(answer[n]));
  }
}

class FormatBenchmarks {
 public:
  explicit FormatBenchmarks(std::shared_ptr<const Tokenizer> tokenizer)
      : tokenizer_(std::move(tokenizer)),
        vocabulary_(std::make_shared<const FormatVocabulary>(*tokenizer_)),
        examples_(examples()) {}

  void register_all() {
    benchmark::RegisterBenchmark("vocabulary", [this](benchmark::State& state) {
      for (auto _ : state) FormatVocabulary vocabulary(*tokenizer_);
      state.counters["split_bytes"] = static_cast<double>(vocabulary_->plain().bytes());
    })->Unit(benchmark::kMillisecond);
    for (const Example& example : examples_) {
      const std::string name = example.name;
      const std::vector<TokenId> answer = *tokenizer_->encode(example.answer, true);
      benchmark::RegisterBenchmark((name + "/compile").c_str(), [&example](
                                                                    benchmark::State& state) {
        for (auto _ : state) CHECK(build_automaton(example.format).is_ok());
      })->Unit(benchmark::kMicrosecond);
      benchmark::RegisterBenchmark((name + "/prepare").c_str(), [this, &example](
                                                                    benchmark::State& state) {
        const Automaton automaton = *build_automaton(example.format);
        for (auto _ : state) CompiledFormat(automaton, vocabulary_);
      })->Unit(benchmark::kMicrosecond);
      benchmark::RegisterBenchmark((name + "/first_time").c_str(), [this, &example, answer](
                                                                       benchmark::State& state) {
        first_time(state, example, answer);
      })->Unit(benchmark::kMicrosecond);
      benchmark::RegisterBenchmark((name + "/again").c_str(), [this, &example,
                                                               answer](benchmark::State& state) {
        again(state, example, answer);
      })->Unit(benchmark::kMicrosecond);
    }
  }

 private:
  CompiledFormat compile(const Example& example) const {
    return CompiledFormat(*build_automaton(example.format), vocabulary_);
  }

  // Reported: the mean of a token, and how many masks had to be made.
  void first_time(benchmark::State& state, const Example& example,
                  const std::vector<TokenId>& answer) const {
    for (auto _ : state) {
      state.PauseTiming();
      CompiledFormat format = compile(example);
      state.ResumeTiming();
      follow_answer(format, answer);
      state.counters["masks_made"] = static_cast<double>(format.counters().masks_made);
      state.counters["nodes_a_mask"] = static_cast<double>(format.counters().nodes_walked) /
                                       static_cast<double>(format.counters().masks_made);
    }
    report(state, answer);
  }

  void again(benchmark::State& state, const Example& example,
             const std::vector<TokenId>& answer) const {
    CompiledFormat format = compile(example);
    follow_answer(format, answer);
    std::vector<float> logits(static_cast<size_t>(tokenizer_->vocab_size()));
    for (auto _ : state) {
      FormatCursor cursor;
      for (size_t n = 0; n <= answer.size(); ++n) {
        format.follow(cursor, std::span(answer).first(n));
        (*format.mask(cursor))->apply(logits);
      }
      benchmark::ClobberMemory();
    }
    state.counters["bytes"] = static_cast<double>(format.bytes());
    report(state, answer);
  }

  static void report(benchmark::State& state, const std::vector<TokenId>& answer) {
    const auto count = static_cast<double>(answer.size() + 1);
    state.counters["tokens"] = count;
    state.counters["seconds_a_token"] = benchmark::Counter(
        count, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const FormatVocabulary> vocabulary_;
  std::vector<Example> examples_;
};

}  // namespace
}  // namespace youtu

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: format_bench <tokenizer.json | vocabulary.gguf> [flags]\n");
    return 2;
  }
  auto tokenizer = youtu::read_tokenizer(argv[1]);
  if (!tokenizer) {
    std::fprintf(stderr, "error: %s\n", tokenizer.status().message().c_str());
    return 1;
  }
  youtu::FormatBenchmarks benchmarks(*std::move(tokenizer));
  benchmarks.register_all();
  argv[1] = argv[0];
  --argc;
  ++argv;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
