// Puts a load on a server: begins the conversations of a workload when they are due and records
// what becomes of each request.
//
// One thread. An open loop begins conversations at their times whether or not earlier ones have
// been answered; a request's time runs from when it was due, also where --max-concurrency held it
// back, so that a slow server cannot hide behind a load that waits for it. A closed loop begins one
// when another has ended.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "load/load_options.h"
#include "load/request_record.h"
#include "load/workload.h"
#include "youtu/status.h"

namespace youtu::load {

struct LoadResult {
  std::vector<RequestRecord> records;   // in the order in which they ended
  double duration_s = 0;                // from the first beginning to the last end
  int64_t max_in_flight = 0;            // conversations at once
  std::string first_wrong_answer = {};  // with what was expected; empty: there was none
};

// Is told now and then how far it is, and what a person waits for.
using LoadProgress = std::function<void(std::string_view what)>;

// How many tokens this server makes of texts, asked with two short prompts. Fails with one line
// where the server cannot be reached or does not answer as it should.
Result<PromptScale> measure_prompt_scale(const LoadOptions& options);

// The first request is asked alone and not counted, so that a wrong URL or a wrong interface is one
// error and not as many as there are requests. REQUIRES: with check_answers, a workload whose
// conversations come again.
Result<LoadResult> run_load(const LoadOptions& options, const Workload& workload,
                            const LoadProgress& progress);

}  // namespace youtu::load
