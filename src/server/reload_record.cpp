#include "server/reload_record.h"

#include "server/prometheus_text.h"

namespace youtu {

std::string ReloadRecord::metrics(std::string_view model_name) const {
  PrometheusText text(PrometheusText::Labels{{"model_name", model_name}, {"engine", "0"}});
  constexpr std::string_view kReloads = "youtu:config_reloads_total";
  text.begin(kReloads, "Times that the settings were read again.", "counter");
  text.sample(kReloads, {{"result", "success"}}, static_cast<double>(num_successes_));
  text.sample(kReloads, {{"result", "failure"}}, static_cast<double>(num_failures_));
  text.gauge("youtu:config_last_reload_successful", "0 where the last time failed.",
             was_successful_ ? 1 : 0);
  text.gauge("youtu:config_last_reload_success_timestamp_seconds",
             "When settings were last taken over, in Unix time; the start counts.",
             static_cast<double>(last_success_));
  return text.take();
}

}  // namespace youtu
