// What `youtu doctor` found: one line for each thing that it looked at, for people and as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace youtu {

enum class Verdict { kOk, kWarn, kBad };  // from good to worse

std::string_view to_string(Verdict verdict);

struct Finding {
  std::string_view check;  // "memory"
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string advice = {};  // what to do; empty where all is well
};

// The worst of them.
Verdict worst_of(const std::vector<Finding>& findings);

// "warn  memory  …", and what to do about it in a line below.
std::string findings_text(const std::vector<Finding>& findings);
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace youtu
