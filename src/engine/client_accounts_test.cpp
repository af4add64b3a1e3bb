#include "engine/client_accounts.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(ClientAccounts, AddsUpWhatEachWasCharged) {
  ClientAccounts accounts;
  accounts.enter("a");
  accounts.enter("b");
  accounts.charge("a", 5);
  accounts.charge("a", 2);
  EXPECT_EQ(accounts.served("a"), 7);
  EXPECT_EQ(accounts.served("b"), 0);
  EXPECT_EQ(accounts.num_requests(), 2);
}

TEST(ClientAccounts, ANewcomerStartsWhereTheLeastServedIs) {
  ClientAccounts accounts;
  accounts.enter("a");
  accounts.enter("b");
  accounts.charge("a", 10);
  accounts.charge("b", 4);
  accounts.enter("c");
  EXPECT_EQ(accounts.served("c"), 4);
}

TEST(ClientAccounts, BeingAwayNeitherForgetsNorSavesUp) {
  ClientAccounts accounts;
  accounts.enter("a");
  accounts.enter("b");
  accounts.charge("a", 10);
  accounts.leave("a");
  accounts.enter("a");
  EXPECT_EQ(accounts.served("a"), 10);  // leaving and coming back is no way to begin anew
  accounts.leave("a");
  accounts.charge("b", 50);
  accounts.enter("a");
  EXPECT_EQ(accounts.served("a"), 50);
}

TEST(ClientAccounts, AllBeginAnewWhenNobodyIsHere) {
  ClientAccounts accounts;
  accounts.enter("a");
  accounts.charge("a", 10);
  accounts.leave("a");
  EXPECT_EQ(accounts.num_accounts(), 0u);
  accounts.enter("a");
  EXPECT_EQ(accounts.served("a"), 0);
}

TEST(ClientAccounts, RemembersSoManyWhoAreAwayAndNoMore) {
  ClientAccounts accounts;
  accounts.enter("stays");
  for (size_t i = 0; i < 3 * kMaxAwayClients; ++i) {
    const std::string client = std::to_string(i);
    accounts.enter(client);
    accounts.charge(client, 1);
    accounts.leave(client);
    EXPECT_LE(accounts.num_accounts(), kMaxAwayClients + 1);
  }
  EXPECT_EQ(accounts.served("stays"), 0);
}

TEST(ClientAccountsDeathTest, KnowsWhoIsHere) {
  ClientAccounts accounts;
  EXPECT_DEATH(accounts.leave("a"), "accounts_");
  EXPECT_DEATH(accounts.charge("a", 1), "accounts_");
  accounts.enter("a");
  accounts.enter("b");
  accounts.leave("a");
  EXPECT_DEATH(accounts.leave("a"), "num_requests");
  EXPECT_DEATH((void)accounts.served("a"), "num_requests");
}

}  // namespace
}  // namespace youtu
