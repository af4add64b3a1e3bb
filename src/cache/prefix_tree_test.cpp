#include "cache/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace youtu {
namespace {

using Tokens = std::vector<TokenId>;
using Path = std::vector<BlockId>;

constexpr int32_t kBlock = 2;

// Publishes `tokens` block by block, under the ids of `blocks`, and returns the path that holds
// them, referenced.
Path publish_all(PrefixTree& tree, std::string_view salt, const Tokens& tokens,
                 const Path& blocks) {
  Path path;
  BlockId parent = kNoBlock;
  for (size_t i = 0; i < blocks.size(); ++i) {
    parent = tree.publish(parent, {salt, std::span(tokens).first((i + 1) * kBlock)}, blocks[i]);
    path.push_back(parent);
  }
  return path;
}

void release_all(PrefixTree& tree, const Path& path) {
  for (size_t i = path.size(); i-- > 0;) tree.release(path[i]);
}

Path match(const PrefixTree& tree, std::string_view salt, const Tokens& tokens) {
  Path path;
  tree.match({salt, tokens}, path);
  return path;
}

TEST(PrefixTree, FindsTheLongestRunOfFullBlocks) {
  PrefixTree tree({.num_blocks = 8, .block_size = kBlock});
  EXPECT_EQ(match(tree, "", {1, 2, 3, 4}), Path{});
  const Path path = publish_all(tree, "", {1, 2, 3, 4, 5, 6}, {7, 0, 3});
  EXPECT_EQ(path, (Path{7, 0, 3}));
  EXPECT_EQ(match(tree, "", {1, 2, 3, 4, 5, 6, 7}), (Path{7, 0, 3}));
  EXPECT_EQ(match(tree, "", {1, 2, 3, 4, 5}), (Path{7, 0}));
  EXPECT_EQ(match(tree, "", {1, 2, 3, 5, 5, 6}), (Path{7}));
  EXPECT_EQ(match(tree, "", {1}), Path{});
  EXPECT_EQ(match(tree, "", {}), Path{});
  // The same tokens behind others are other latents.
  EXPECT_EQ(match(tree, "", {3, 4, 5, 6}), Path{});
  EXPECT_EQ(tree.num_nodes(), 3);
  EXPECT_EQ(tree.parent(3), 0);
  EXPECT_EQ(tree.parent(7), kNoBlock);
  tree.check_integrity();
}

TEST(PrefixTree, SharesOnlyBetweenEqualSalts) {
  PrefixTree tree({.num_blocks = 8, .block_size = kBlock});
  publish_all(tree, "red", {1, 2, 3, 4}, {0, 1});
  EXPECT_EQ(match(tree, "", {1, 2, 3, 4}), Path{});
  EXPECT_EQ(match(tree, "blue", {1, 2, 3, 4}), Path{});
  EXPECT_EQ(match(tree, "re", {1, 2, 3, 4}), Path{});
  EXPECT_EQ(match(tree, std::string("red\0", 4), {1, 2, 3, 4}), Path{});
  publish_all(tree, "blue", {1, 2, 3, 4}, {2, 3});
  publish_all(tree, "", {1, 2}, {4});
  EXPECT_EQ(match(tree, "red", {1, 2, 3, 4}), (Path{0, 1}));
  EXPECT_EQ(match(tree, "blue", {1, 2, 3, 4}), (Path{2, 3}));
  EXPECT_EQ(match(tree, "", {1, 2, 3, 4}), (Path{4}));
  tree.check_integrity();
}

TEST(PrefixTree, GoesOnWithTheBlockThatIsThere) {
  PrefixTree tree({.num_blocks = 8, .block_size = kBlock});
  publish_all(tree, "", {1, 2, 3, 4}, {0, 1});
  EXPECT_EQ(publish_all(tree, "", {1, 2, 3, 4, 5, 6}, {2, 3, 4}), (Path{0, 1, 4}));
  EXPECT_EQ(tree.num_references(0), 2);
  EXPECT_EQ(tree.num_references(1), 2);
  EXPECT_EQ(tree.num_references(4), 1);
  EXPECT_FALSE(tree.contains(2));
  tree.check_integrity();
}

TEST(PrefixTree, EvictsTheLeastRecentlyUsedLeafAndNothingThatIsReferenced) {
  PrefixTree tree({.num_blocks = 8, .block_size = kBlock});
  EXPECT_EQ(tree.evict(), std::nullopt);
  const Path first = publish_all(tree, "", {1, 2, 3, 4}, {0, 1});
  const Path second = publish_all(tree, "", {1, 2, 5, 6}, {2, 3});  // shares block 0
  const Path third = publish_all(tree, "", {7, 8}, {4});
  EXPECT_EQ(second, (Path{0, 3}));
  EXPECT_EQ(tree.evict(), std::nullopt);
  release_all(tree, second);
  release_all(tree, third);
  EXPECT_EQ(tree.num_unreferenced(), 2);
  release_all(tree, first);
  EXPECT_EQ(tree.num_unreferenced(), 4);
  tree.check_integrity();
  EXPECT_EQ(tree.evict(), 3);  // released first
  EXPECT_EQ(match(tree, "", {1, 2, 5, 6}), (Path{0}));
  // Using it again makes 4 the youngest.
  tree.add_reference(4);
  tree.release(4);
  EXPECT_EQ(tree.evict(), 1);  // the leaf of its path, before its parent
  EXPECT_EQ(tree.evict(), 0);
  EXPECT_EQ(tree.evict(), 4);
  EXPECT_EQ(tree.evict(), std::nullopt);
  EXPECT_EQ(tree.num_nodes(), 0);
  tree.check_integrity();
}

TEST(PrefixTreeDeathTest, RefusesMisuse) {
  PrefixTree tree({.num_blocks = 4, .block_size = kBlock});
  const Tokens tokens = {1, 2, 3, 4};
  EXPECT_DEATH((void)tree.contains(4), "block");
  EXPECT_DEATH((void)tree.num_references(0), "contains");
  EXPECT_DEATH(tree.add_reference(0), "contains");
  EXPECT_DEATH(tree.publish(kNoBlock, {"", std::span(tokens).first(1)}, 0), "block_size");
  EXPECT_DEATH(tree.publish(kNoBlock, {"", tokens}, 0), "kNoBlock");
  publish_all(tree, "", tokens, {0, 1});
  EXPECT_DEATH(tree.publish(kNoBlock, {"", std::span(tokens).first(2)}, 0), "contains");
  release_all(tree, {0, 1});
  EXPECT_DEATH(tree.release(0), "num_references");
  EXPECT_DEATH(tree.add_reference(1), "num_references");  // its parent is not held
}

// The tree as one would write it without thinking of speed: a map from whole prefixes to blocks.
class Model {
 public:
  using Key = std::pair<std::string, Tokens>;  // salt, all tokens up to the block's end

  Path match(const std::string& salt, const Tokens& tokens) const {
    Path path;
    for (size_t end = kBlock; end <= tokens.size(); end += kBlock) {
      const auto found = blocks_.find({salt, Tokens(tokens.begin(), tokens.begin() + end)});
      if (found == blocks_.end()) break;
      path.push_back(found->second);
    }
    return path;
  }
  void add_reference(BlockId block) {
    if (references_[block]++ == 0) order_.remove(block);
  }
  void release(BlockId block) {
    if (--references_[block] == 0) order_.push_back(block);
  }
  BlockId publish(const std::string& salt, const Tokens& prefix, BlockId block) {
    const auto [entry, is_new] = blocks_.try_emplace({salt, prefix}, block);
    if (!is_new) {
      add_reference(entry->second);
      return entry->second;
    }
    references_[block] = 1;
    return block;
  }
  std::optional<BlockId> evict() {
    if (order_.empty()) return std::nullopt;
    const BlockId block = order_.front();
    order_.pop_front();
    references_.erase(block);
    const auto has_block = [&](const auto& entry) { return entry.second == block; };
    const Key key = std::ranges::find_if(blocks_, has_block)->first;
    blocks_.erase(key);
    for (const auto& [other, id] : blocks_) {  // nothing hangs in the air
      EXPECT_FALSE(other.first == key.first && other.second.size() > key.second.size() &&
                   std::equal(key.second.begin(), key.second.end(), other.second.begin()));
    }
    return block;
  }
  int32_t num_nodes() const { return static_cast<int32_t>(blocks_.size()); }
  int32_t num_unreferenced() const { return static_cast<int32_t>(order_.size()); }
  const std::map<BlockId, int32_t>& references() const { return references_; }

 private:
  std::map<Key, BlockId> blocks_;
  std::map<BlockId, int32_t> references_;
  std::list<BlockId> order_;  // of use
};

int64_t num_random_operations() {
  const char* wanted = std::getenv("YOUTU_PREFIX_TREE_OPERATIONS");
  return wanted ? std::atoll(wanted) : 1'000'000;
}

// Holders come, publish, go and come again, and blocks are evicted, at random; tree and model must
// agree on every answer.
void compare_with_model(uint32_t seed, int32_t num_buckets, int64_t num_operations) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", buckets " << num_buckets);
  constexpr int32_t kNumBlocks = 24;
  std::mt19937 random(seed);
  PrefixTree tree({.num_blocks = kNumBlocks,
                   .block_size = kBlock,
                   .hash_key = random(),
                   .num_buckets = num_buckets});
  Model model;
  struct Holder {
    std::string salt;
    Tokens tokens;
    Path path;
  };
  std::vector<Holder> holders;
  std::set<BlockId> free;
  for (BlockId block = 0; block < kNumBlocks; ++block) free.insert(block);

  for (int64_t i = 0; i < num_operations; ++i) {
    const uint32_t action = random() % 8;
    if (action < 2 && holders.size() < 6) {  // comes and takes what is there
      Holder holder;
      holder.salt = std::string(random() % 3, 's');
      for (uint32_t n = random() % 13; n > 0; --n) {
        holder.tokens.push_back(static_cast<TokenId>(random() % 2));
      }
      tree.match({holder.salt, holder.tokens}, holder.path);
      ASSERT_EQ(holder.path, model.match(holder.salt, holder.tokens));
      for (const BlockId block : holder.path) {
        tree.add_reference(block);
        model.add_reference(block);
      }
      holders.push_back(std::move(holder));
    } else if (action < 6 && !holders.empty()) {  // publishes one more block
      Holder& holder = holders[random() % holders.size()];
      const size_t end = (holder.path.size() + 1) * kBlock;
      if (end > holder.tokens.size() || free.empty()) continue;
      const Tokens prefix(holder.tokens.begin(), holder.tokens.begin() + static_cast<int>(end));
      const BlockId own = *free.begin();
      const BlockId parent = holder.path.empty() ? kNoBlock : holder.path.back();
      const BlockId held = tree.publish(parent, {holder.salt, prefix}, own);
      ASSERT_EQ(held, model.publish(holder.salt, prefix, own));
      if (held == own) free.erase(own);
      holder.path.push_back(held);
    } else if (action == 6 && !holders.empty()) {  // goes
      std::swap(holders[random() % holders.size()], holders.back());
      release_all(tree, holders.back().path);
      for (size_t b = holders.back().path.size(); b-- > 0;) model.release(holders.back().path[b]);
      holders.pop_back();
    } else if (action == 7) {
      const auto evicted = tree.evict();
      ASSERT_EQ(evicted, model.evict());
      if (evicted) free.insert(*evicted);
    }
    ASSERT_EQ(tree.num_nodes(), model.num_nodes());
    ASSERT_EQ(tree.num_unreferenced(), model.num_unreferenced());
    if (i % 8 != 0) continue;
    tree.check_integrity();
    for (const auto& [block, references] : model.references()) {
      ASSERT_EQ(tree.num_references(block), references);
    }
  }
}

TEST(PrefixTree, IsTheMapOfPrefixesUnderRandomWork) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    compare_with_model(seed, 0, num_random_operations() / 10);
    if (HasFatalFailure()) return;
  }
}

TEST(PrefixTree, IsTheSameMapWhenAllHashesCollide) {
  for (uint32_t seed = 11; seed <= 12; ++seed) {
    compare_with_model(seed, 1, num_random_operations() / 10);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace youtu
