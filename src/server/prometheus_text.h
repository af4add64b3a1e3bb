// Prometheus' text format, version 0.0.4, written family by family.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "youtu/stats.h"

namespace youtu {

class PrometheusText {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // `labels` stand at every sample.
  explicit PrometheusText(const Labels& labels);

  // A family with one sample. A counter's name ends in "_total".
  void gauge(std::string_view name, std::string_view help, double value);
  void counter(std::string_view name, std::string_view help, double value);
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram);
  // A family with several samples: its head, then each of them.
  void begin(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, const Labels& labels, double value);

  std::string take() { return std::move(text_); }

 private:
  std::string labels_;  // as they are written, without braces
  std::string text_;
};

}  // namespace youtu
