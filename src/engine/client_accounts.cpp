#include "engine/client_accounts.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace youtu {

int64_t ClientAccounts::least_served_here() const {
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const auto& [client, account] : accounts_) {
    if (account.num_requests > 0) least = std::min(least, account.served);
  }
  return least;
}

void ClientAccounts::enter(const std::string& client) {
  const int64_t floor = num_requests_ > 0 ? least_served_here() : 0;
  const auto [entry, is_new] = accounts_.try_emplace(client);
  Account& account = entry->second;
  if (account.num_requests == 0) {
    account.served = std::max(account.served, floor);
    if (!is_new) --num_away_;
  }
  ++account.num_requests;
  ++num_requests_;
}

void ClientAccounts::leave(const std::string& client) {
  const auto entry = accounts_.find(client);
  CHECK(entry != accounts_.end() && entry->second.num_requests > 0);
  --num_requests_;
  if (--entry->second.num_requests == 0) ++num_away_;
  if (num_requests_ == 0) {
    // Nobody waits, so nobody was kept waiting: all begin anew.
    accounts_.clear();
    num_away_ = 0;
  } else if (num_away_ > kMaxAwayClients) {
    std::erase_if(accounts_, [](const auto& item) { return item.second.num_requests == 0; });
    num_away_ = 0;
  }
}

void ClientAccounts::charge(const std::string& client, int64_t cost) {
  const auto entry = accounts_.find(client);
  CHECK(entry != accounts_.end() && entry->second.num_requests > 0);
  entry->second.served += cost;
}

int64_t ClientAccounts::served(const std::string& client) const {
  const auto entry = accounts_.find(client);
  CHECK(entry != accounts_.end() && entry->second.num_requests > 0);
  return entry->second.served;
}

}  // namespace youtu
