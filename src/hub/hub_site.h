// Hubs: where they are, how they are asked, and which environment variables their users know.
#pragma once

#include <functional>
#include <string>

#include "hub/file_list.h"
#include "hub/model_name.h"
#include "youtu/status.h"

namespace youtu::hub {

using Environment = std::function<const char*(const char* variable)>;

enum class HubKind { kHuggingFace, kModelScope };  // by their interfaces; a mirror has its model's

struct HubSite {
  HubKind kind = HubKind::kHuggingFace;
  std::string url;             // "https://huggingface.co", no slash at its end
  std::string token;           // empty: none
  std::string token_variable;  // where a token would be taken from

  std::string list_url(const ModelName& model) const;
  Result<FileList> parse_list(std::string_view text) const;
  // Of a file of the list: at its commit, where the hub names one.
  std::string file_url(const ModelName& model, const FileList& list, const std::string& file) const;
  std::string page_url(const ModelName& model) const;  // for people
};

// `from`: hf, hf-mirror, modelscope, or the URL of a server with Hugging Face's interface; empty:
// $YOUTU_PULL_FROM, else hf. Reads HF_ENDPOINT, HF_TOKEN (or the file that `hf auth login` leaves),
// MODELSCOPE_ENDPOINT or MODELSCOPE_DOMAIN, MODELSCOPE_API_TOKEN.
Result<HubSite> find_hub_site(const std::string& from, const Environment& environment);

// Whether HF_HUB_OFFLINE or YOUTU_OFFLINE forbid the network.
bool is_offline(const Environment& environment);

}  // namespace youtu::hub
