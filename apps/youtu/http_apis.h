// All that `youtu serve` answers: every API, what they share, and who may come in.
#pragma once

#include <memory>
#include <optional>

#include "access_log.h"
#include "chat/session_store.h"
#include "config/config_change.h"
#include "config/server_config.h"
#include "http/router.h"
#include "http/server.h"
#include "server/access_control.h"
#include "server/anthropic/messages_api.h"
#include "server/native_api.h"
#include "server/openai/openai_api.h"
#include "server/responses/responses_api.h"
#include "server/serving_state.h"
#include "server/sessions_api.h"
#include "server/status_api.h"
#include "server/tokenizer_api.h"
#include "youtu/status.h"

namespace youtu {

class HttpApis {
 public:
  // Reads the keys, and opens the sessions if the settings want them. Errors are of the settings.
  static Result<std::unique_ptr<HttpApis>> create(const ConfigReport& report);

  // How the server is to listen, whom it lets in and where it logs. Fails on a log file that cannot
  // be written. REQUIRES: this outlives the server.
  Result<http::ServerOptions> server_options();
  // Call once, before the server starts. REQUIRES: this outlives the server, and the server is
  // there as long as it answers.
  http::Router make_router(http::Server& server);

  ServingState& state() { return state_; }
  // Takes over what may change while the server serves: all of it, between two requests, or after
  // an error none. Waits for the disk. REQUIRES: one thread, the one that made this.
  Result<ConfigChange> change(const ConfigReport& wanted, http::Server& server, Engine& engine);
  // In force now.
  const ServerConfig& config() const { return report_.config; }

  // Removes sessions whose time is over. Waits for the disk.
  void expire_sessions();
  // Where turns do not wait for the disk, this does. To be called every second then.
  void sync_sessions();

 private:
  HttpApis(const ConfigReport& report, ApiKeys keys, std::unique_ptr<SessionStore> sessions);

  ConfigReport report_;
  ServingState state_;
  AccessControl access_;
  std::unique_ptr<SessionStore> sessions_;  // none where the settings want none
  NativeApi native_;
  openai::OpenAiApi openai_;
  responses::ResponsesApi responses_;
  anthropic::MessagesApi messages_;
  TokenizerApi tokenizer_;
  StatusApi status_;
  std::optional<SessionsApi> sessions_api_;
  AccessLog log_;
};

}  // namespace youtu
