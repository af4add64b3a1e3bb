// A grammar as a machine that reads bytes: nodes, edges, and a stack for what is to come after a
// rule or a round of a counted loop. This is the program; src/grammar/state_table.h runs it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "grammar/grammar.h"
#include "youtu/status.h"

namespace youtu {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};
inline constexpr size_t kMaxAutomatonNodes = 100'000;
inline constexpr size_t kMaxAutomatonEdges = 400'000;

// Letters that mostly stand in texts of every kind: none that ends a line, no control characters,
// neither " nor \. Where a loop takes all of them, a token of such letters needs no look at its
// single bytes.
const CodePointSet& plain_letters();

// Of one format: sets of letters whose loops are known as such.
inline constexpr size_t kMaxTextLetters = 4;

struct Edge {
  enum class Kind : uint8_t {
    kByte,       // reads a byte of [first, last] and goes to `target`
    kEmpty,      // goes to `target`
    kCall,       // to a rule's start `target`; when it returns, to `back`, or on to its caller
    kLoop,       // begins the loop number `target`
    kNextRound,  // a round of the loop number `target` is over
    kReturn,     // the rule is over
  };
  Kind kind = Kind::kEmpty;
  uint8_t first = 0;
  uint8_t last = 0;
  bool is_tag = false;  // kByte: also inside a control token
  NodeId target = kNoNode;
  NodeId back = kNoNode;
};

struct Loop {
  NodeId body = kNoNode;
  NodeId exit = kNoNode;
  uint32_t min = 0;
  uint32_t max = 0;  // at least 1
};

// Of a node where a loop over many letters is.
struct TextLoop {
  enum class Kind : uint8_t { kNone, kEndless, kCounted };
  Kind kind = Kind::kNone;
  uint8_t letters = 0;  // which, in text_letters(): these and perhaps more
};

class Automaton {
 public:
  // Fails on a grammar that analyse() refuses or whose automaton is too large.
  static Result<Automaton> build(const Grammar& grammar);

  NodeId start() const { return start_; }
  size_t num_nodes() const { return text_loops_.size(); }
  std::span<const Edge> edges(NodeId node) const {
    return std::span(edges_).subspan(first_edges_[node],
                                     first_edges_[node + 1] - first_edges_[node]);
  }
  TextLoop text_loop(NodeId node) const { return text_loops_[node]; }
  // [0]: plain_letters(); then those of other loops that many states may lie in, since they count
  // or lie within a loop that does.
  std::span<const CodePointSet> text_letters() const { return text_letters_; }
  const Loop& loop(uint32_t loop) const { return loops_[loop]; }

  // Bytes of one class are never told apart.
  uint32_t num_byte_classes() const { return num_byte_classes_; }
  uint32_t byte_class(uint8_t byte) const { return byte_classes_[byte]; }

  size_t bytes() const;

 private:
  friend class AutomatonBuilder;
  Automaton() = default;

  NodeId start_ = 0;
  std::vector<uint32_t> first_edges_;  // [nodes + 1]
  std::vector<Edge> edges_;
  std::vector<TextLoop> text_loops_;  // [nodes]
  std::vector<CodePointSet> text_letters_;
  std::vector<Loop> loops_;
  std::array<uint8_t, 256> byte_classes_ = {};
  uint32_t num_byte_classes_ = 0;
};

}  // namespace youtu
