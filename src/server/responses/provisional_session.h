// A session that was made for one answer: it goes again where there is no answer to store, because
// it failed or its client went away.
#pragma once

#include <utility>

#include "chat/session_store.h"
#include "server/turn_commit.h"

namespace youtu::responses {

class ProvisionalSession {
 public:
  // REQUIRES: no turn of it is open any more when this ends, and the store outlives what is posted.
  ProvisionalSession(SessionStore& store, SessionKey key, PostWork post)
      : store_(store), key_(std::move(key)), post_(std::move(post)) {}
  ProvisionalSession(const ProvisionalSession&) = delete;
  ProvisionalSession& operator=(const ProvisionalSession&) = delete;
  // Never waits for the disk.
  ~ProvisionalSession() {
    if (is_kept_) return;
    post_([&store = store_, key = std::move(key_)] { (void)store.remove(key); });
  }

  void keep() { is_kept_ = true; }

 private:
  SessionStore& store_;
  SessionKey key_;
  PostWork post_;
  bool is_kept_ = false;
};

}  // namespace youtu::responses
