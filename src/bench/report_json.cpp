// The reports as JSON: version 1 of the form that docs/performance.md describes.

#include "base/json.h"
#include "bench/bench_report.h"

namespace youtu {

namespace {

constexpr int kVersion = 1;

OrderedJson machine_json(const BenchMachine& machine) {
  OrderedJson json;
  json["cpu"] = machine.cpu;
  json["isa"] = machine.isa;
  json["threads"] = machine.num_threads;
  json["read_bandwidth_gb_s"] = machine.highest.read_bytes_per_second / 1e9;
  json["peak_f32_gmac_s"] = machine.highest.f32_macs_per_second / 1e9;
  json["peak_int8_gmac_s"] = machine.highest.int8_macs_per_second / 1e9;
  json["load_average"] = or_null(machine.load_average);
  return json;
}

OrderedJson model_json(const BenchModel& model) {
  OrderedJson json;
  json["path"] = model.path;
  json["weight_types"] = model.weight_types;
  json["weight_bytes"] = model.weight_bytes;
  json["parameters"] = model.num_parameters;
  return json;
}

OrderedJson case_json(const BenchCase& c) {
  OrderedJson json;
  json["kind"] = c.kind == BenchKind::kPrompt ? "prompt" : "generate";
  json["batch"] = c.batch;
  json["depth"] = c.depth;
  json["tokens"] = c.tokens;
  return json;
}

void add_load(OrderedJson& json, const MachineLoad& load) {
  json["load_average"] = or_null(load.load_average);
  json["cpu_others"] = or_null(load.others_share);
  json["cpu_stolen"] = or_null(load.stolen_share);
}

OrderedJson result_json(const BenchResult& r) {
  OrderedJson json = case_json(r.bench_case);
  if (!r.bench_case.skipped.empty()) {
    for (const char* key :
         {"steps", "tokens_per_second", "ms_per_step", "bytes_per_step", "gb_per_second",
          "read_bandwidth_gb_s", "bandwidth_fraction", "gmac_per_second", "peak_fraction",
          "load_average", "cpu_others", "cpu_stolen"}) {
      json[key] = nullptr;
    }
    json["skipped"] = r.bench_case.skipped;
    return json;
  }
  const Spread rate = rate_of(static_cast<double>(r.bench_case.num_tokens()), r.seconds);
  json["steps"] = r.num_steps;
  json["tokens_per_second"]["median"] = rate.median;
  json["tokens_per_second"]["min"] = rate.min;
  json["tokens_per_second"]["max"] = rate.max;
  json["ms_per_step"] = r.ms_per_step();
  json["bytes_per_step"] = static_cast<double>(r.cost.bytes) / r.num_steps;
  json["gb_per_second"] = r.bytes_per_second() / 1e9;
  json["read_bandwidth_gb_s"] = r.peaks.read_bytes_per_second / 1e9;
  json["bandwidth_fraction"] = r.bandwidth_fraction();
  json["gmac_per_second"] = r.macs_per_second() / 1e9;
  json["peak_fraction"] = r.peak_fraction();
  add_load(json, r.load);
  json["skipped"] = nullptr;
  return json;
}

// Paths may hold bytes that are no UTF-8.
std::string dump(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const BenchReport& report) {
  OrderedJson json;
  json["version"] = kVersion;
  json["machine"] = machine_json(report.machine);
  json["model"] = model_json(report.model);
  json["results"] = OrderedJson::array();
  for (const BenchResult& result : report.results) json["results"].push_back(result_json(result));
  return dump(json);
}

std::string to_json(const OpsReport& report) {
  const double ms_per_step = 1e3 / report.num_steps;
  OrderedJson json;
  json["version"] = kVersion;
  json["machine"] = machine_json(report.machine);
  json["model"] = model_json(report.model);
  json["step"] = case_json(report.bench_case);
  json["step"]["steps"] = report.num_steps;
  json["step"]["ms_per_step"] = ms_per_step * report.seconds;
  add_load(json["step"], report.load);
  json["operations"] = OrderedJson::array();
  for (const OperationRecord& record : report.operations) {
    OrderedJson operation;
    operation["name"] = record.name;
    operation["calls_per_step"] = static_cast<double>(record.calls) / report.num_steps;
    operation["ms_per_step"] = ms_per_step * record.seconds;
    operation["share"] = record.seconds / report.seconds;
    operation["gb_per_second"] = static_cast<double>(record.cost.bytes) / record.seconds / 1e9;
    operation["gmac_per_second"] =
        static_cast<double>(record.cost.f32_macs + record.cost.int8_macs) / record.seconds / 1e9;
    json["operations"].push_back(std::move(operation));
  }
  json["between_operations"]["ms_per_step"] = ms_per_step * report.seconds_between_operations();
  json["between_operations"]["share"] = report.seconds_between_operations() / report.seconds;
  return dump(json);
}

}  // namespace youtu
