// How much each client has been served, so that the next turn can go to the one that had least: the
// virtual token counters of Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024).
// A client that comes, or comes back, starts no lower than the least served of those that are here:
// nobody saves up by being away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace youtu {

// Clients that have no request here but are remembered for what they had: at most so many.
inline constexpr size_t kMaxAwayClients = 1024;

// Engine thread only.
class ClientAccounts {
 public:
  // A request of `client` has come.
  void enter(const std::string& client);
  // It has ended, for whatever reason. REQUIRES: one that has come and not ended.
  void leave(const std::string& client);
  // REQUIRES: a request of `client` is here.
  void charge(const std::string& client, int64_t cost);

  // What `client` has been charged, or lifted to. REQUIRES: a request of `client` is here.
  int64_t served(const std::string& client) const;
  // Requests that have come and not ended.
  int64_t num_requests() const { return num_requests_; }
  size_t num_accounts() const { return accounts_.size(); }

 private:
  struct Account {
    int64_t served = 0;
    int64_t num_requests = 0;
  };
  int64_t least_served_here() const;

  std::map<std::string, Account> accounts_;
  int64_t num_requests_ = 0;
  size_t num_away_ = 0;  // accounts without a request
};

}  // namespace youtu
