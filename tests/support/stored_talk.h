// Short ways to fill a session store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/session_store.h"

namespace youtu::test {

// With a system message that names it.
inline Status create_session(SessionStore& store, const std::string& id) {
  NewSession session;
  session.id = id;
  session.system = "You are " + id;
  return store.create("", session).status();
}

// A turn from its question to its answer.
inline Result<CommittedTurn> say(SessionStore& store, const std::string& id,
                                 const std::string& question, const std::string& answer,
                                 std::optional<int64_t> from_turn = {}) {
  const auto turn = store.begin_turn({"", id}, {{"user", question}}, from_turn);
  if (!turn) return turn.status();
  return (*turn)->commit({answer, "stop", {3, 2, 1}});
}

// Of a Result: the reason of what went wrong; empty if nothing did.
template <class T>
std::string reason_of(const Result<T>& result) {
  return result ? "" : std::string(result.status().reason());
}

}  // namespace youtu::test
