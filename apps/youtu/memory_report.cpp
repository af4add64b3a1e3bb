#include "memory_report.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/json.h"
#include "http/server.h"

namespace youtu {

namespace {

struct Part {
  std::string_view name;
  int64_t bytes = 0;
  std::string note;
};

// What is there from the start on.
std::array<Part, 5> kept_parts(const MemoryReport& report) {
  const MemoryPlan& plan = report.plan;
  return {{{"weights", plan.weight_bytes,
            plan.weight_types + (plan.are_weights_mapped ? ", mapped from the file" : "")},
           {"cache", plan.cache_bytes,
            fmt::format("{} tokens in {}", plan.cache_tokens, plan.cache_dtype)},
           {"index", plan.index_bytes, "of the cache"},
           {"workspace", plan.workspace_bytes, "activations, logits, scratch"},
           {"program", report.program_bytes, "held already, with the tokenizer"}}};
}

// What comes with requests.
std::array<Part, 3> growing_parts(const MemoryReport& report, const ServerBuffers& buffers) {
  return {{{"requests", report.plan.request_bytes, "of all that may run and wait"},
           {"connections", buffers.connection_bytes, "bodies, heads, what is to be sent"},
           {"sessions", buffers.session_bytes, "open for a turn"}}};
}

template <typename Parts>
int64_t total(const Parts& parts) {
  int64_t bytes = 0;
  for (const Part& part : parts) bytes += part.bytes;
  return bytes;
}

std::string row(const Part& part) {
  return fmt::format("  {:<12} {:>11}  {}\n", part.name, bytes_text(part.bytes), part.note);
}

}  // namespace

std::string bytes_text(int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? fmt::format("{:.1f} MiB", mib) : fmt::format("{:.2f} GiB", mib / 1024);
}

ServerBuffers server_buffers(const ServerConfig& config) {
  // A session's texts, and the prompt that is made of them.
  constexpr int64_t kTextCopies = 2;
  http::ServerOptions http;
  http.rules.max_connections = static_cast<int>(config.max_connections);
  const int64_t batch = config.enable_batching ? config.max_batch_size : 1;
  const int64_t turns = config.sessions ? batch + config.max_queued_requests : 0;
  return {.connection_bytes = http.max_buffer_bytes(),
          .session_bytes = turns * kTextCopies * config.max_session_bytes};
}

std::string memory_line(const MemoryReport& report, const ServerBuffers& buffers) {
  const auto kept = kept_parts(report);
  std::string parts;
  for (const Part& part : kept) {
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", part.name, bytes_text(part.bytes));
  }
  std::string line = fmt::format("{}: {}; with requests up to {} more", bytes_text(total(kept)),
                                 parts, bytes_text(total(growing_parts(report, buffers))));
  if (report.available_bytes) line += "; available " + bytes_text(*report.available_bytes);
  return line;
}

std::string memory_table(const MemoryReport& report, const ServerBuffers& buffers) {
  const auto kept = kept_parts(report);
  const auto growing = growing_parts(report, buffers);
  std::string text = "from the start\n";
  for (const Part& part : kept) text += row(part);
  text += row({"together", total(kept), ""});
  text += "as requests come, at most\n";
  for (const Part& part : growing) text += row(part);
  text += row({"together", total(growing), ""});
  text += "\n" + row({"taken", report.plan.start_bytes(), "at the start, beside the program"});
  text += report.available_bytes
              ? row({"available", *report.available_bytes, "now, within all limits"})
              : "  available     not told by this system\n";
  return text;
}

std::string memory_json(const MemoryReport& report, const ServerBuffers& buffers) {
  const MemoryPlan& plan = report.plan;
  OrderedJson json;
  json["fits"] = report.fits();
  json["start_bytes"] = plan.start_bytes();
  json["available_bytes"] =
      report.available_bytes ? OrderedJson(*report.available_bytes) : OrderedJson();
  json["weight_bytes"] = plan.weight_bytes;
  json["weights_mapped"] = plan.are_weights_mapped;
  json["weight_types"] = plan.weight_types;
  json["cache_bytes"] = plan.cache_bytes;
  json["cache_tokens"] = plan.cache_tokens;
  json["cache_dtype"] = plan.cache_dtype;
  json["index_bytes"] = plan.index_bytes;
  json["workspace_bytes"] = plan.workspace_bytes;
  json["loading_bytes"] = plan.loading_bytes;
  json["program_bytes"] = report.program_bytes;
  json["request_bytes"] = plan.request_bytes;
  json["connection_bytes"] = buffers.connection_bytes;
  json["session_bytes"] = buffers.session_bytes;
  json["remedies"] = OrderedJson::array();
  for (const MemoryRemedy& remedy : report.remedies) {
    json["remedies"].push_back({{"change", remedy.change}, {"start_bytes", remedy.start_bytes}});
  }
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

Status check_memory(const MemoryReport& report) {
  if (report.fits()) return Status::ok();
  const int64_t need = report.plan.start_bytes(), there = *report.available_bytes;
  std::string message =
      fmt::format("not enough memory: the start takes {} and {} are available, {} are missing",
                  bytes_text(need), bytes_text(there), bytes_text(need - there));
  if (report.remedies.empty()) {
    message += "; no settings make it fit, the smallest take " + bytes_text(report.least_bytes);
  }
  std::string_view before = "; it would fit with ";
  for (const MemoryRemedy& remedy : report.remedies) {
    message += fmt::format("{}{} ({})", before, remedy.change, bytes_text(remedy.start_bytes));
    before = ", or ";
  }
  return Status::resource_exhausted(message, "out_of_memory");
}

}  // namespace youtu
