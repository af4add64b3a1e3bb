#include "doctor_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/json.h"

namespace youtu {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kBad:
      return "bad";
  }
  UNREACHABLE();
}

Verdict worst_of(const std::vector<Finding>& findings) {
  Verdict worst = Verdict::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.verdict);
  return worst;
}

std::string findings_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text +=
        fmt::format("{:<5} {:<16} {}\n", to_string(finding.verdict), finding.check, finding.found);
    if (!finding.advice.empty()) text += fmt::format("{:<22} -> {}\n", "", finding.advice);
  }
  const auto count = [&](Verdict verdict) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& finding) { return finding.verdict == verdict; });
  };
  text += fmt::format("\n{} ok, {} to look at, {} bad\n", count(Verdict::kOk),
                      count(Verdict::kWarn), count(Verdict::kBad));
  return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
  OrderedJson json;
  json["verdict"] = to_string(worst_of(findings));
  json["findings"] = OrderedJson::array();
  for (const Finding& finding : findings) {
    json["findings"].push_back(
        {{"check", finding.check},
         {"verdict", to_string(finding.verdict)},
         {"found", finding.found},
         {"advice", finding.advice.empty() ? OrderedJson() : OrderedJson(finding.advice)}});
  }
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace youtu
