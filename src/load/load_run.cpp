// About g++ 12 and co_await see http/connection.cpp.
#include "load/load_run.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/check.h"
#include "base/json.h"
#include "load/arrivals.h"
#include "load/connection.h"
#include "load/request_form.h"

namespace youtu::load {

namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds kProgressInterval{500};
constexpr int64_t kProbeWords[] = {16, 112};
// Conversations of the warm-up have numbers of their own: what a server keeps of their prompts
// helps none of those that count.
constexpr uint64_t kFirstWarmup = uint64_t{1} << 40;

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

// The answers of a conversation that was held alone, turn by turn.
using Answers = std::vector<std::string>;

class LoadRun {
 public:
  LoadRun(const LoadOptions& options, const Workload* workload, LoadProgress progress)
      : options_(options), workload_(workload), progress_(std::move(progress)) {}

  Status resolve();
  // One conversation, nothing beside it. Fails as its first failed request did.
  Result<Answers> converse_alone(const Conversation& conversation);
  Result<Usage> ask_alone(const Conversation& conversation);
  Status learn_answers();
  void warm_up();
  LoadResult run();

 private:
  double now() const { return std::chrono::duration<double>(Clock::now() - epoch_).count(); }
  // Begins `num` conversations from number `first` on, and returns when all have ended.
  void begin_all(uint64_t first, int64_t num, const LoadOptions& how);
  asio::awaitable<void> begin_each(uint64_t first, int64_t num, const LoadOptions& how);
  asio::awaitable<void> wait_until(double time);
  asio::awaitable<void> converse(Conversation conversation, double due, const Answers* expected,
                                 Answers* heard);
  asio::awaitable<std::string> ask(const std::string& request, RequestRecord& record);
  asio::awaitable<std::string> ask_until_taken(const std::string& request, RequestRecord& record);
  asio::awaitable<std::string> exchange(const std::string& request, AnswerCollector& collector);
  void note_wrong_answer(const std::string& expected, const std::string& got);
  void show_progress();

  const LoadOptions& options_;
  const Workload* workload_;
  const LoadProgress progress_;
  asio::io_context io_{1};
  asio::steady_timer arrival_{io_};  // the next one is due, or there is a place for it
  Clock::time_point epoch_ = Clock::now();
  Clock::time_point last_progress_ = epoch_;
  Endpoints endpoints_;
  std::vector<std::shared_ptr<Connection>> idle_;
  std::vector<Answers> expected_;
  std::vector<RequestRecord> records_;
  std::string first_wrong_answer_;
  int64_t num_in_flight_ = 0;
  int64_t max_in_flight_ = 0;
};

Status LoadRun::resolve() {
  const ServerUrl& url = options_.target.url;
  error_code error;
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(url.host, url.port, tcp::resolver::numeric_service, error);
  for (const auto& entry : found) endpoints_.push_back(entry.endpoint());
  if (!error && !endpoints_.empty()) return Status::ok();
  return Status::unavailable("--url: host \"" + url.host + "\" cannot be resolved to an address");
}

asio::awaitable<std::string> LoadRun::exchange(const std::string& request,
                                               AnswerCollector& collector) {
  const auto give_up = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(options_.timeout_s));
  for (;;) {
    std::shared_ptr<Connection> connection;
    const bool is_used = !idle_.empty();
    if (is_used) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    } else {
      connection = std::make_shared<Connection>(io_, epoch_);
      std::string why = co_await connection->connect(endpoints_, give_up);
      if (!why.empty()) co_return why;
    }
    std::string why = co_await connection->exchange(request, give_up, collector);
    if (connection->stays_open())
      idle_.push_back(std::move(connection));
    else if (is_used && connection->was_silent() && Clock::now() < give_up)
      continue;
    co_return why;
  }
}

// The text of the answer.
asio::awaitable<std::string> LoadRun::ask(const std::string& request, RequestRecord& record) {
  AnswerCollector collector(options_.target.api, record);
  const std::string why = co_await exchange(request, collector);
  collector.finish(now(), why);
  co_return collector.text();
}

// As a client that comes back at once when it is refused, and gives up in the end.
asio::awaitable<std::string> LoadRun::ask_until_taken(const std::string& request,
                                                      RequestRecord& record) {
  const double due = record.start;
  std::string text = co_await ask(request, record);
  for (int64_t i = 0; i < options_.max_retries && record.may_be_retried(); ++i) {
    record.is_retried = true;
    records_.push_back(std::move(record));
    record = RequestRecord{.start = now()};
    text = co_await ask(request, record);
  }
  // Whoever gets an answer has waited for it since it was due.
  if (!record.is_refusal()) record.start = due;
  co_return text;
}

// The turns of a conversation until the first that fails. `heard` gets the answers, where it is
// wanted.
asio::awaitable<void> LoadRun::converse(Conversation conversation, double due,
                                        const Answers* expected, Answers* heard) {
  std::vector<ChatMessage>& messages = conversation.opening;
  for (size_t turn = 0; turn < conversation.user_turns.size(); ++turn) {
    messages.push_back({"user", std::move(conversation.user_turns[turn])});
    const std::string request =
        request_bytes(options_.target, options_.sampling, messages, conversation.max_tokens[turn]);
    RequestRecord record;
    record.start = turn == 0 ? due : now();
    std::string text = co_await ask_until_taken(request, record);
    const bool goes_on = record.is_good();
    if (goes_on && expected && text != (*expected)[turn]) {
      record.failure = "wrong answer";
      note_wrong_answer((*expected)[turn], text);
    }
    records_.push_back(std::move(record));
    if (heard) heard->push_back(text);
    if (!goes_on) break;
    messages.push_back({"assistant", std::move(text)});
  }
  --num_in_flight_;
  arrival_.cancel();
  show_progress();
}

void LoadRun::note_wrong_answer(const std::string& expected, const std::string& got) {
  if (!first_wrong_answer_.empty()) return;
  first_wrong_answer_ = fmt::format("expected {}, got {}", dump_json(expected), dump_json(got));
}

asio::awaitable<void> LoadRun::wait_until(double time) {
  error_code ignored;
  while (now() < time) {
    arrival_.expires_at(
        epoch_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time)));
    co_await arrival_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> LoadRun::begin_each(uint64_t first, int64_t num, const LoadOptions& how) {
  error_code ignored;
  Arrivals arrivals(how.request_rate.value_or(1), how.burstiness, options_.sampling.seed);
  double due = now();
  const double last = due + how.duration_s.value_or(INFINITY);
  for (int64_t i = 0; i < num; ++i) {
    if (how.request_rate) {
      due += i == 0 ? 0 : arrivals.next_gap();
      if (due >= last) break;
      co_await wait_until(due);
    }
    while (num_in_flight_ >= how.max_concurrency) {
      arrival_.expires_at(Clock::time_point::max());
      co_await arrival_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (now() >= last) break;
    if (!how.request_rate) due = now();
    max_in_flight_ = std::max(max_in_flight_, ++num_in_flight_);
    const uint64_t index = first + static_cast<uint64_t>(i);
    const Answers* expected = expected_.empty() ? nullptr : &expected_[index % expected_.size()];
    Conversation conversation = workload_->conversation(index);
    asio::co_spawn(io_, converse(std::move(conversation), due, expected, nullptr), rethrow);
  }
}

void LoadRun::begin_all(uint64_t first, int64_t num, const LoadOptions& how) {
  records_.clear();
  max_in_flight_ = 0;
  asio::co_spawn(io_, begin_each(first, num, how), rethrow);
  io_.run();
  io_.restart();
}

Result<Answers> LoadRun::converse_alone(const Conversation& conversation) {
  records_.clear();
  ++num_in_flight_;
  Answers answers;
  asio::co_spawn(io_, converse(conversation, now(), nullptr, &answers), rethrow);
  io_.run();
  io_.restart();
  const RequestRecord& last = records_.back();
  if (last.is_good()) return answers;
  return Status::unavailable(fmt::format("http://{}{}: the first request failed: {}",
                                         options_.target.url.host_field, options_.target.url.path,
                                         last.failure));
}

Result<Usage> LoadRun::ask_alone(const Conversation& conversation) {
  const Result<Answers> answers = converse_alone(conversation);
  RETURN_IF_ERROR(answers);
  return records_.back().usage;
}

Status LoadRun::learn_answers() {
  for (size_t i = 0; i < workload_->num_different(); ++i) {
    if (progress_) {
      progress_(fmt::format("prompt {} of {} alone", i + 1, workload_->num_different()));
    }
    Result<Answers> answers = converse_alone(workload_->conversation(i));
    RETURN_IF_ERROR(answers);
    expected_.push_back(*std::move(answers));
  }
  return Status::ok();
}

void LoadRun::warm_up() {
  LoadOptions how = options_;
  how.request_rate.reset();
  how.duration_s.reset();
  begin_all(kFirstWarmup, options_.num_warmups, how);
}

LoadResult LoadRun::run() {
  const double begin = now();
  begin_all(0, options_.num_prompts, options_);
  LoadResult result;
  result.records = std::move(records_);
  result.max_in_flight = max_in_flight_;
  result.first_wrong_answer = std::move(first_wrong_answer_);
  for (RequestRecord& record : result.records) {
    record.start -= begin;
    record.end -= begin;
    if (record.first_text) *record.first_text -= begin;
    result.duration_s = std::max(result.duration_s, record.end);
  }
  return result;
}

void LoadRun::show_progress() {
  if (!progress_ || Clock::now() - last_progress_ < kProgressInterval) return;
  last_progress_ = Clock::now();
  progress_(fmt::format("{} requests answered, {} conversations at once", records_.size(),
                        num_in_flight_));
}

// What libraries throw (out of memory, no descriptors for the event loop) ends the run.
template <typename Function>
auto without_exceptions(Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& error) {
    return Status::internal(std::string("the load cannot go on: ") + error.what());
  }
}

}  // namespace

Result<PromptScale> measure_prompt_scale(const LoadOptions& options) {
  return without_exceptions([&]() -> Result<PromptScale> {
    LoadRun run(options, nullptr, nullptr);
    RETURN_IF_ERROR(run.resolve());
    int64_t tokens[2] = {};
    for (size_t i = 0; i < 2; ++i) {
      Conversation probe;
      probe.user_turns = {random_words(kProbeWords[i], options.sampling.seed, ~uint64_t{i})};
      probe.max_tokens = {1};
      const Result<Usage> usage = run.ask_alone(probe);
      RETURN_IF_ERROR(usage);
      tokens[i] = usage->prompt_tokens;
    }
    if (tokens[0] < 1 || tokens[1] <= tokens[0]) {
      return Status::unavailable(
          "the server does not count prompt tokens (no usage in its answers)");
    }
    PromptScale scale;
    scale.tokens_per_word = static_cast<double>(tokens[1] - tokens[0]) /
                            static_cast<double>(kProbeWords[1] - kProbeWords[0]);
    scale.overhead_tokens = static_cast<double>(tokens[0]) -
                            scale.tokens_per_word * static_cast<double>(kProbeWords[0]);
    return scale;
  });
}

Result<LoadResult> run_load(const LoadOptions& options, const Workload& workload,
                            const LoadProgress& progress) {
  return without_exceptions([&]() -> Result<LoadResult> {
    LoadRun run(options, &workload, progress);
    RETURN_IF_ERROR(run.resolve());
    Conversation first = workload.conversation(kFirstWarmup - 1);
    first.user_turns.resize(1);
    RETURN_IF_ERROR(run.ask_alone(first));
    if (options.check_answers) RETURN_IF_ERROR(run.learn_answers());
    run.warm_up();
    return run.run();
  });
}

}  // namespace youtu::load
