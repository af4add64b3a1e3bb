// Which sessions somebody is at: the only thing that is kept in memory of a session, and only as
// long as that lasts.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "chat/session.h"

namespace youtu {

// Thread-safe; never waits for anything slow.
class BusySessions {
 public:
  // One's turn at a session, until it is destroyed. REQUIRES: does not outlive its BusySessions.
  class Hold {
   public:
    Hold(Hold&& other) noexcept
        : sessions_(std::exchange(other.sessions_, nullptr)), name_(std::move(other.name_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (sessions_) sessions_->release(name_);
    }

   private:
    friend class BusySessions;
    using Name = std::pair<std::string, std::string>;  // owner, id
    Hold(BusySessions& sessions, Name name) : sessions_(&sessions), name_(std::move(name)) {}
    BusySessions* sessions_;
    Name name_;
  };

  // Nothing if somebody else is at it.
  std::optional<Hold> try_hold(const SessionKey& key) {
    const std::lock_guard lock(mutex_);
    const auto [name, is_free] = held_.emplace(key.owner, key.id);
    return is_free ? std::optional<Hold>(Hold(*this, *name)) : std::nullopt;
  }

 private:
  void release(const Hold::Name& name) {
    const std::lock_guard lock(mutex_);
    held_.erase(name);
  }

  std::mutex mutex_;
  std::set<Hold::Name> held_;
};

}  // namespace youtu
