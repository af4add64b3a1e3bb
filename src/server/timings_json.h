// Where the time of one request went, as JSON.
#pragma once

#include "base/json.h"
#include "youtu/stats.h"
#include "youtu/types.h"

namespace youtu {

// Milliseconds, to a thousandth. total_ms is prepare + queue + prefill + decode + delivery.
// `prepare_seconds` is what passed before the engine had the request.
OrderedJson timings_json(const RequestTimings& timings, const Usage& usage, double prepare_seconds);

}  // namespace youtu
