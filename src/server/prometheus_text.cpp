#include "server/prometheus_text.h"

#include <fmt/format.h>

namespace youtu {
namespace {

// Backslash, quote and line feed are the three that a label value must not have as they are.
std::string escape(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string write(const PrometheusText::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escape(value));
  }
  return text;
}

}  // namespace

PrometheusText::PrometheusText(const Labels& labels) : labels_(write(labels)) {}

void PrometheusText::begin(std::string_view name, std::string_view help, std::string_view type) {
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void PrometheusText::sample(std::string_view name, const Labels& labels, double value) {
  const std::string own = write(labels);
  text_ += fmt::format("{}{{{}{}{}}} {}\n", name, labels_,
                       labels_.empty() || own.empty() ? "" : ",", own, value);
}

void PrometheusText::gauge(std::string_view name, std::string_view help, double value) {
  begin(name, help, "gauge");
  sample(name, {}, value);
}

void PrometheusText::counter(std::string_view name, std::string_view help, double value) {
  begin(name, help, "counter");
  sample(name, {}, value);
}

void PrometheusText::histogram(std::string_view name, std::string_view help,
                               const Histogram& histogram) {
  begin(name, help, "histogram");
  const std::string bucket = fmt::format("{}_bucket", name);
  int64_t count = 0;
  for (size_t i = 0; i < histogram.upper_edges().size(); ++i) {
    count += histogram.bucket(i);
    const std::string edge = fmt::format("{}", histogram.upper_edges()[i]);
    sample(bucket, {{"le", edge}}, static_cast<double>(count));
  }
  sample(bucket, {{"le", "+Inf"}}, static_cast<double>(histogram.count()));
  sample(fmt::format("{}_sum", name), {}, histogram.sum());
  sample(fmt::format("{}_count", name), {}, static_cast<double>(histogram.count()));
}

}  // namespace youtu
