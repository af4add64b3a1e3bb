#include "grammar/string_formats.h"

namespace youtu {
namespace {

// RFC 3339. The 29th of February is left out: which years have one no pattern says briefly.
constexpr std::string_view kDate =
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|"
    "30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))";
constexpr std::string_view kTime =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?"
    "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
// ISO 8601, as RFC 3339's appendix A has it.
constexpr std::string_view kDuration =
    "P(?:[0-9]{1,9}W|(?:[0-9]{1,9}Y(?:[0-9]{1,9}M(?:[0-9]{1,9}D)?)?|[0-9]{1,9}M(?:[0-9]{1,9}D)?"
    "|[0-9]{1,9}D)(?:T(?:[0-9]{1,9}H(?:[0-9]{1,9}M(?:[0-9]{1,9}S)?)?|[0-9]{1,9}M(?:[0-9]{1,9}S)?"
    "|[0-9]{1,9}S))?|T(?:[0-9]{1,9}H(?:[0-9]{1,9}M(?:[0-9]{1,9}S)?)?|[0-9]{1,9}M(?:[0-9]{1,9}S)?"
    "|[0-9]{1,9}S))";
// Up to four labels of letters, digits and at most one hyphen between them.
constexpr std::string_view kLabel = "[A-Za-z0-9]{1,30}(?:-[A-Za-z0-9]{1,30})?";
constexpr std::string_view kUuid =
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
constexpr std::string_view kOctet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
// Written out: all eight groups.
constexpr std::string_view kIpv6 = "(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}";

std::string text(std::string_view part) {
  return std::string(part);
}

std::string hostname() {
  return "(?:" + text(kLabel) + "\\.){0,3}" + text(kLabel);
}

std::string email() {
  return "[A-Za-z0-9]{1,30}(?:[._+-][A-Za-z0-9]{1,30})?@(?:" + text(kLabel) +
         "\\.){1,3}[A-Za-z]{2,20}";
}

std::string uri() {
  return "https?://" + hostname() +
         "(?::[1-9][0-9]{0,3})?(?:/[A-Za-z0-9._~-]{0,80}){0,16}"
         "(?:\\?[A-Za-z0-9._~=&-]{1,200})?(?:#[A-Za-z0-9._~-]{1,80})?";
}

}  // namespace

std::optional<std::string> pattern_of_format(std::string_view format) {
  if (format == "date") return text(kDate);
  if (format == "time") return text(kTime);
  if (format == "date-time") return text(kDate) + "T" + text(kTime);
  if (format == "duration") return text(kDuration);
  if (format == "email") return email();
  if (format == "hostname") return hostname();
  if (format == "ipv4") return "(?:" + text(kOctet) + "\\.){3}" + text(kOctet);
  if (format == "ipv6") return text(kIpv6);
  if (format == "uri") return uri();
  if (format == "uuid") return text(kUuid);
  return std::nullopt;
}

std::string known_formats() {
  return "date, date-time, duration, email, hostname, ipv4, ipv6, time, uri, uuid";
}

}  // namespace youtu
