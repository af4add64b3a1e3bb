#include "hub/hub_site.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <string_view>

#include "base/check.h"
#include "hub/url_rules.h"

namespace youtu::hub {

namespace {

constexpr std::string_view kHuggingFace = "https://huggingface.co";
constexpr std::string_view kHfMirror = "https://hf-mirror.com";
constexpr std::string_view kModelScope = "https://www.modelscope.cn";
constexpr size_t kMaxTokenBytes = 512;

// Percent-encodes what is not plain in a path, a slash only where it separates nothing.
std::string encoded(std::string_view text, bool keep_slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~' ||
        (c == '/' && keep_slashes)) {
      result += c;
    } else {
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

std::string value_of(const Environment& environment, const char* variable) {
  const char* value = environment(variable);
  return value ? value : "";
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A token goes into a header field, so nothing in it may end one.
Status check_token(const HubSite& site) {
  const bool is_plain = std::all_of(site.token.begin(), site.token.end(),
                                    [](char c) { return c > 0x20 && c < 0x7f; });
  if (is_plain && site.token.size() <= kMaxTokenBytes) return Status::ok();
  return Status::invalid_argument(site.token_variable +
                                      " holds no token (printable letters, up to " +
                                      std::to_string(kMaxTokenBytes) + ")",
                                  "token");
}

std::string hugging_face_token(const Environment& environment) {
  for (const char* variable : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (std::string token = value_of(environment, variable); !token.empty()) return token;
  }
  if (const std::string path = value_of(environment, "HF_TOKEN_PATH"); !path.empty()) {
    return first_line(path);
  }
  if (const std::string home = value_of(environment, "HF_HOME"); !home.empty()) {
    return first_line(home + "/token");
  }
  const std::string home = value_of(environment, "HOME");
  return home.empty() ? "" : first_line(home + "/.cache/huggingface/token");
}

// MODELSCOPE_DOMAIN is a host, MODELSCOPE_ENDPOINT a URL.
std::string modelscope_url(const Environment& environment) {
  if (std::string url = value_of(environment, "MODELSCOPE_ENDPOINT"); !url.empty()) return url;
  const std::string domain = value_of(environment, "MODELSCOPE_DOMAIN");
  if (domain.empty()) return std::string(kModelScope);
  return domain.find("://") == domain.npos ? "https://" + domain : domain;
}

bool is_set(const Environment& environment, const char* variable) {
  std::string value = value_of(environment, variable);
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return value == "1" || value == "true" || value == "yes" || value == "on";
}

}  // namespace

std::string HubSite::list_url(const ModelName& model) const {
  if (kind == HubKind::kModelScope) {
    const std::string revision = model.revision.empty() ? "master" : model.revision;
    return url + "/api/v1/models/" + model.repository() +
           "/repo/files?Revision=" + encoded(revision, false) + "&Recursive=true";
  }
  const std::string revision = model.revision.empty() ? "main" : model.revision;
  return url + "/api/models/" + model.repository() + "/revision/" + encoded(revision, false) +
         "?blobs=true";
}

Result<FileList> HubSite::parse_list(std::string_view text) const {
  return kind == HubKind::kModelScope ? parse_modelscope_list(text) : parse_hugging_face_list(text);
}

std::string HubSite::file_url(const ModelName& model, const FileList& list,
                              const std::string& file) const {
  if (kind == HubKind::kModelScope) {
    const std::string revision = model.revision.empty() ? "master" : model.revision;
    return url + "/api/v1/models/" + model.repository() +
           "/repo?Revision=" + encoded(revision, false) + "&FilePath=" + encoded(file, false);
  }
  return url + "/" + model.repository() + "/resolve/" + list.commit + "/" + encoded(file, true);
}

std::string HubSite::page_url(const ModelName& model) const {
  return url + (kind == HubKind::kModelScope ? "/models/" : "/") + model.repository();
}

Result<HubSite> find_hub_site(const std::string& from, const Environment& environment) {
  std::string where = from.empty() ? value_of(environment, "YOUTU_PULL_FROM") : from;
  HubSite site;
  if (where == "modelscope") {
    site.kind = HubKind::kModelScope;
    site.url = modelscope_url(environment);
    site.token_variable = "MODELSCOPE_API_TOKEN";
    site.token = value_of(environment, "MODELSCOPE_API_TOKEN");
  } else {
    if (where.empty() || where == "hf") {
      site.url = value_of(environment, "HF_ENDPOINT");
      if (site.url.empty()) site.url = kHuggingFace;
    } else if (where == "hf-mirror") {
      site.url = kHfMirror;
    } else if (where.starts_with("https://") || where.starts_with("http://")) {
      site.url = where;
    } else {
      return Status::invalid_argument(
          "--from is \"" + where + "\" (hf, hf-mirror, modelscope, or a URL)", "from");
    }
    site.token_variable = "HF_TOKEN";
    site.token = hugging_face_token(environment);
  }
  while (site.url.ends_with('/')) site.url.pop_back();
  if (const Result<Url> url = parse_url(site.url); !url) {
    return Status::invalid_argument("the hub's address " + url.status().message(), "from");
  }
  if (site.url.find_first_of("?#") != site.url.npos) {
    return Status::invalid_argument("the hub's address \"" + site.url + "\" has a query", "from");
  }
  RETURN_IF_ERROR(check_token(site));
  return site;
}

bool is_offline(const Environment& environment) {
  return is_set(environment, "YOUTU_OFFLINE") || is_set(environment, "HF_HUB_OFFLINE");
}

}  // namespace youtu::hub
