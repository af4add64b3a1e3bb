#include "progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace youtu {

namespace {

constexpr int kBarColumns = 24;

int percent(const Transfer& transfer) {
  if (transfer.total_bytes <= 0) return 100;
  return static_cast<int>(100.0 * static_cast<double>(transfer.done_bytes) /
                          static_cast<double>(transfer.total_bytes));
}

std::string bar(int percent_done) {
  const int filled = std::clamp(percent_done, 0, 100) * kBarColumns / 100;
  std::string text = "[" + std::string(static_cast<size_t>(filled), '#');
  return text + std::string(static_cast<size_t>(kBarColumns - filled), '.') + "]";
}

std::string speed_text(const Transfer& transfer) {
  if (transfer.bytes_per_second <= 0) return "";
  const double left = static_cast<double>(transfer.total_bytes - transfer.done_bytes);
  return fmt::format("  {}/s  {} left",
                     file_size_text(static_cast<int64_t>(transfer.bytes_per_second)),
                     duration_text(std::max(0.0, left) / transfer.bytes_per_second));
}

}  // namespace

std::string file_size_text(int64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string duration_text(double seconds) {
  const int64_t whole = std::llround(std::min(seconds, 359'999.0));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string progress_text(const Transfer& transfer) {
  return fmt::format("{:3} %  {} of {}{}", percent(transfer), file_size_text(transfer.done_bytes),
                     file_size_text(transfer.total_bytes), speed_text(transfer));
}

std::string progress_bar(const Transfer& transfer, int columns) {
  const std::string text = progress_text(transfer);
  const auto room = static_cast<size_t>(std::max(columns - 1, 0));  // the last wraps
  std::string line = bar(percent(transfer)) + " " + text;
  if (line.size() > room) return text.substr(0, room);
  const std::string with_name = std::string(transfer.what) + "  " + line;
  return with_name.size() <= room ? with_name : line;
}

}  // namespace youtu
