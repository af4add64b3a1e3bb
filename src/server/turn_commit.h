// Storing a turn's answer while the thread that serves the answer goes on: the store waits for the
// disk, so it works on a worker thread and is asked here whether it is done.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "chat/session_store.h"

namespace youtu {

// Runs the work on another thread and then looks again at what is pending (http::Server::post).
using PostWork = std::function<void(std::function<void()>)>;

// One thread, and never blocks. Destroying it before start() abandons the turn; afterwards the turn
// is stored even if nobody waits for it any more.
class TurnCommit {
 public:
  TurnCommit(std::shared_ptr<OpenTurn> turn, PostWork post);

  // Call once.
  void start(TurnAnswer answer);
  // Nothing until the disk has answered. By then the session is free for its next turn.
  std::optional<Result<CommittedTurn>> poll() const;

 private:
  struct Outcome;

  std::shared_ptr<OpenTurn> turn_;
  PostWork post_;
  std::shared_ptr<Outcome> outcome_;
};

}  // namespace youtu
