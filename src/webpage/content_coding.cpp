#include "webpage/content_coding.h"

#include <algorithm>

#include "http/message.h"

namespace youtu {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// Takes the first element from a list that has commas between its elements.
std::string_view take_element(std::string_view& list) {
  const std::string_view element = list.substr(0, list.find(','));
  list.remove_prefix(std::min(element.size() + 1, list.size()));
  return trimmed(element);
}

// "gzip;q=0" names gzip in order to refuse it: a weight of which every digit is 0.
bool is_refusal(std::string_view element) {
  const size_t semicolon = std::min(element.find(';'), element.size() - 1);
  const std::string_view weight = trimmed(element.substr(semicolon + 1));
  if (!weight.starts_with("q=") && !weight.starts_with("Q=")) return false;
  return weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

bool accepts(std::string_view accept_encoding, std::string_view name) {
  while (!accept_encoding.empty()) {
    const std::string_view element = take_element(accept_encoding);
    if (element.empty()) continue;
    const std::string_view coding = trimmed(element.substr(0, element.find(';')));
    if (http::equals_ignoring_case(coding, name)) return !is_refusal(element);
  }
  return false;
}

}  // namespace

std::string_view to_string(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kBrotli:
      return "br";
    case ContentCoding::kIdentity:
      break;
  }
  return "identity";
}

ContentCoding choose_coding(std::string_view accept_encoding, Codings available) {
  if (available.brotli && accepts(accept_encoding, "br")) return ContentCoding::kBrotli;
  if (available.gzip && accepts(accept_encoding, "gzip")) return ContentCoding::kGzip;
  return ContentCoding::kIdentity;
}

bool has_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view element = take_element(if_none_match);
    if (element == "*") return true;
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == etag) return true;
  }
  return false;
}

}  // namespace youtu
