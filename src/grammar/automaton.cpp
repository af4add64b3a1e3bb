// Thompson's construction: each expression becomes a piece between two nodes.
#include "grammar/automaton.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace youtu {

namespace {

// Loops of so few rounds are written out; others count.
constexpr uint32_t kMaxWrittenRounds = 4;
// Of fewer letters, as of hexadecimal digits in both cases, few tokens are made.
constexpr size_t kMinTextLetters = 24;

}  // namespace

const CodePointSet& plain_letters() {
  static const CodePointSet kPlain = [] {
    const CodePointSet special = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x2028, 0x2029}};
    return special.complement();
  }();
  return kPlain;
}

class AutomatonBuilder {
 public:
  AutomatonBuilder(const Grammar& grammar, const GrammarTraits& traits)
      : grammar_(grammar), traits_(traits), rule_starts_(grammar.rules().size(), kNoNode) {}

  Result<Automaton> build() {
    result_.text_letters_.push_back(plain_letters());
    result_.start_ = add_node();
    const NodeId end = add_node();
    add_edge(end, {.kind = Edge::Kind::kReturn});
    build_expr(grammar_.root(), result_.start_, end, LoopKind::kNone);
    while (!open_rules_.empty() && !is_too_large()) {
      const RuleId rule = open_rules_.back();
      open_rules_.pop_back();
      const NodeId rule_end = add_node();
      add_edge(rule_end, {.kind = Edge::Kind::kReturn});
      build_expr(grammar_.rules()[rule].body, rule_starts_[rule], rule_end, LoopKind::kNone);
    }
    if (is_too_large()) {
      return Status::invalid_argument("its automaton has more than " +
                                          std::to_string(kMaxAutomatonNodes) + " nodes or " +
                                          std::to_string(kMaxAutomatonEdges) + " edges",
                                      {}, "too_large");
    }
    forget_returns_to_ends();
    flatten();
    find_byte_classes();
    return std::move(result_);
  }

 private:
  using Kind = Expr::Kind;
  using LoopKind = TextLoop::Kind;

  bool is_too_large() const {
    return edges_.size() > kMaxAutomatonNodes || num_edges_ > kMaxAutomatonEdges;
  }

  NodeId add_node() {
    edges_.emplace_back();
    result_.text_loops_.emplace_back();
    return static_cast<NodeId>(edges_.size() - 1);
  }
  void add_edge(NodeId from, Edge edge) {
    edges_[from].push_back(edge);
    ++num_edges_;
  }
  void connect(NodeId from, NodeId to) {
    add_edge(from, {.kind = Edge::Kind::kEmpty, .target = to});
  }

  // REQUIRES: the expression is productive. `text` says what loop goes from `from` round to `to`.
  void build_expr(ExprId id, NodeId from, NodeId to, LoopKind text) {
    if (is_too_large()) return;
    const Expr& expr = grammar_.expr(id);
    switch (expr.kind) {
      case Kind::kBytes:
        return build_bytes(expr, from, to);
      case Kind::kLetters:
        return build_letters(expr.letters, from, to, text);
      case Kind::kSequence:
        return build_sequence(expr, from, to);
      case Kind::kChoice:
        return build_choice(expr, from, to, text);
      case Kind::kRepeat:
        return build_repeat(expr, from, to);
      case Kind::kRule:
        return build_call(expr.rule, from, to);
    }
  }

  void build_bytes(const Expr& expr, NodeId from, NodeId to) {
    if (expr.bytes.empty()) return connect(from, to);
    for (size_t i = 0; i < expr.bytes.size(); ++i) {
      const NodeId next = i + 1 == expr.bytes.size() ? to : add_node();
      const auto byte = static_cast<uint8_t>(expr.bytes[i]);
      add_edge(from, {.kind = Edge::Kind::kByte,
                      .first = byte,
                      .last = byte,
                      .is_tag = expr.is_tag,
                      .target = next});
      from = next;
    }
  }

  // Forms that end alike share their ends.
  void build_letters(const CodePointSet& letters, NodeId from, NodeId to, LoopKind text) {
    std::map<std::pair<ByteRange, NodeId>, NodeId> shared;
    for_each_utf8_sequence(letters, [&](std::span<const ByteRange> sequence) {
      NodeId next = to;
      for (size_t i = sequence.size() - 1; i > 0; --i) {
        const auto [place, is_new] = shared.try_emplace({sequence[i], next}, kNoNode);
        if (is_new) {
          place->second = add_node();
          add_byte_edge(place->second, sequence[i], next);
        }
        next = place->second;
      }
      add_byte_edge(from, sequence[0], next);
    });
    if (text == LoopKind::kNone) return;
    if (const auto number = number_of_text_letters(letters)) {
      result_.text_loops_[from] = {text, *number};
    }
  }

  std::optional<uint8_t> number_of_text_letters(const CodePointSet& letters) {
    if (letters.contains(plain_letters())) return 0;
    auto& known = result_.text_letters_;
    const auto number = static_cast<uint8_t>(std::ranges::find(known, letters) - known.begin());
    if (number < known.size()) return number;
    const bool pays = num_open_counts_ > 0 && letters.size() >= kMinTextLetters;
    if (!pays || known.size() == kMaxTextLetters) return std::nullopt;
    known.push_back(letters);
    return number;
  }

  void add_byte_edge(NodeId from, ByteRange range, NodeId to) {
    add_edge(from,
             {.kind = Edge::Kind::kByte, .first = range.first, .last = range.last, .target = to});
  }

  void build_sequence(const Expr& expr, NodeId from, NodeId to) {
    if (expr.parts.empty()) return connect(from, to);
    for (size_t i = 0; i < expr.parts.size(); ++i) {
      const NodeId next = i + 1 == expr.parts.size() ? to : add_node();
      build_expr(expr.parts[i], from, next, LoopKind::kNone);
      from = next;
    }
  }

  void build_choice(const Expr& expr, NodeId from, NodeId to, LoopKind text) {
    for (const ExprId part : expr.parts) {
      if (traits_.is_productive[part]) build_expr(part, from, to, text);
    }
  }

  void build_call(RuleId rule, NodeId from, NodeId to) {
    if (rule_starts_[rule] == kNoNode) {
      rule_starts_[rule] = add_node();
      open_rules_.push_back(rule);
    }
    add_edge(from, {.kind = Edge::Kind::kCall, .target = rule_starts_[rule], .back = to});
  }

  void build_repeat(const Expr& expr, NodeId from, NodeId to) {
    const ExprId body = expr.parts.front();
    if (expr.max == 0 || !traits_.is_productive[body]) return connect(from, to);
    const bool is_nullable = traits_.is_nullable[body];
    const uint32_t min = is_nullable ? 0 : expr.min;
    if (expr.max == kUnbounded) return build_endless(body, min, from, to);
    // An empty round would count without reading, so such a loop cannot count.
    if (is_nullable || expr.max <= kMaxWrittenRounds) {
      return build_written_out(body, min, expr.max, from, to);
    }
    build_counted(body, min, expr.max, from, to);
  }

  void build_endless(ExprId body, uint32_t min, NodeId from, NodeId to) {
    const NodeId head = add_node();
    if (min == 0) {
      connect(from, head);
    } else if (min <= kMaxWrittenRounds) {
      build_written_out(body, min, min, from, head);
    } else {
      build_counted(body, min, min, from, head);
    }
    build_expr(body, head, head, LoopKind::kEndless);
    connect(head, to);
  }

  void build_written_out(ExprId body, uint32_t min, uint32_t max, NodeId from, NodeId to) {
    for (uint32_t round = 0; round < max && !is_too_large(); ++round) {
      if (round >= min) connect(from, to);
      const NodeId next = round + 1 == max ? to : add_node();
      // A node of its own, since the body may have a loop at its beginning.
      const NodeId begin = add_node();
      connect(from, begin);
      build_expr(body, begin, next, LoopKind::kNone);
      from = next;
    }
  }

  void build_counted(ExprId body, uint32_t min, uint32_t max, NodeId from, NodeId to) {
    const NodeId begin = add_node();
    const NodeId end = add_node();
    const auto loop = static_cast<uint32_t>(result_.loops_.size());
    result_.loops_.push_back({.body = begin, .exit = to, .min = min, .max = max});
    add_edge(from, {.kind = Edge::Kind::kLoop, .target = loop});
    add_edge(end, {.kind = Edge::Kind::kNextRound, .target = loop});
    ++num_open_counts_;
    build_expr(body, begin, end, LoopKind::kCounted);
    --num_open_counts_;
  }

  // A rule that is called last need not be returned to, so a list that goes on by calling itself
  // has a stack of one height.
  void forget_returns_to_ends() {
    for (auto& edges : edges_) {
      for (Edge& edge : edges) {
        if (edge.kind != Edge::Kind::kCall) continue;
        const auto& after = edges_[edge.back];
        if (after.size() == 1 && after[0].kind == Edge::Kind::kReturn) edge.back = kNoNode;
      }
    }
  }

  void flatten() {
    result_.first_edges_.reserve(edges_.size() + 1);
    result_.edges_.reserve(num_edges_);
    for (const auto& edges : edges_) {
      result_.first_edges_.push_back(static_cast<uint32_t>(result_.edges_.size()));
      result_.edges_.insert(result_.edges_.end(), edges.begin(), edges.end());
    }
    result_.first_edges_.push_back(static_cast<uint32_t>(result_.edges_.size()));
  }

  void find_byte_classes() {
    std::array<bool, 257> begins_class = {true};
    for (const Edge& edge : result_.edges_) {
      if (edge.kind != Edge::Kind::kByte) continue;
      begins_class[edge.first] = true;
      begins_class[size_t{edge.last} + 1] = true;
    }
    for (size_t byte = 0; byte < 256; ++byte) {
      if (begins_class[byte]) ++result_.num_byte_classes_;
      result_.byte_classes_[byte] = static_cast<uint8_t>(result_.num_byte_classes_ - 1);
    }
  }

  const Grammar& grammar_;
  const GrammarTraits& traits_;
  Automaton result_;
  std::vector<std::vector<Edge>> edges_;  // [nodes]
  size_t num_edges_ = 0;
  std::vector<NodeId> rule_starts_;
  std::vector<RuleId> open_rules_;
  size_t num_open_counts_ = 0;  // counted loops around what is being built
};

Result<Automaton> Automaton::build(const Grammar& grammar) {
  const auto traits = analyse(grammar);
  RETURN_IF_ERROR(traits);
  return AutomatonBuilder(grammar, *traits).build();
}

size_t Automaton::bytes() const {
  return first_edges_.size() * sizeof(uint32_t) + edges_.size() * sizeof(Edge) +
         text_loops_.size() * sizeof(TextLoop) + loops_.size() * sizeof(Loop);
}

}  // namespace youtu
