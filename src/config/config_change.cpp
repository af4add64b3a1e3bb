#include "config/config_change.h"

#include <fmt/format.h>

#include <variant>

#include "config/option_table.h"

namespace youtu {

ConfigChange plan_config_change(const ConfigReport& running, const ConfigReport& wanted) {
  ConfigChange change;
  change.report = running;
  for (const Option& option : options()) {
    const std::string key(option.key);
    const bool differs = value_text(running.config, option) != value_text(wanted.config, option);
    if (differs) (option.is_live ? change.changed : change.need_restart).push_back(key);
    if (!option.is_live) continue;
    std::visit([&](auto member) { change.report.config.*member = wanted.config.*member; },
               option.member);
    change.report.sources[key] = wanted.sources.at(key);
  }
  return change;
}

std::string config_change_text(const ConfigChange& change) {
  std::string text =
      change.changed.empty() ? "no setting" : fmt::format("{}", fmt::join(change.changed, ", "));
  if (!change.need_restart.empty()) {
    text += fmt::format("; needs a restart: {}", fmt::join(change.need_restart, ", "));
  }
  return text;
}

}  // namespace youtu
