// Thompson's construction and then that of subsets, over classes of letters instead of bytes.
#include "grammar/letter_automaton.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"

namespace youtu {

class LetterAutomatonBuilder {
 public:
  explicit LetterAutomatonBuilder(const Grammar& grammar) : grammar_(grammar) {}

  std::optional<LetterAutomaton> build(std::span<const ExprId> expressions) {
    std::vector<Node> starts;
    for (const ExprId expr : expressions) {
      starts.push_back(add_node());
      ends_.push_back(add_node());
      add(expr, starts.back(), ends_.back());
    }
    if (is_too_large()) return std::nullopt;
    find_classes();
    state_of(closure(starts));
    for (size_t state = 0; state < members_.size(); ++state) {
      for (const char32_t letter : result_.class_begins_) {
        if (members_.size() > kMaxLetterStates || work_ > kMaxLetterWork) return std::nullopt;
        result_.steps_.push_back(state_of(after(members_[state], letter)));
      }
    }
    return std::move(result_);
  }

 private:
  using Node = uint32_t;
  using Kind = Expr::Kind;
  struct Step {
    const CodePointSet* letters = nullptr;  // nullptr: none is read
    Node target = 0;
  };

  bool is_too_large() const { return steps_.size() > kMaxLetterNodes; }
  Node add_node() {
    steps_.emplace_back();
    return static_cast<Node>(steps_.size() - 1);
  }
  void connect(Node from, Node to) { steps_[from].push_back({nullptr, to}); }

  void add(ExprId id, Node from, Node to) {
    if (is_too_large()) return;
    const Expr& expr = grammar_.expr(id);
    switch (expr.kind) {
      case Kind::kBytes:
        CHECK(expr.bytes.empty());
        return connect(from, to);
      case Kind::kLetters:
        steps_[from].push_back({&expr.letters, to});
        return;
      case Kind::kSequence:
        for (const ExprId part : expr.parts) from = add_behind(part, from);
        return connect(from, to);
      case Kind::kChoice:
        for (const ExprId part : expr.parts) add(part, from, to);
        return;
      case Kind::kRepeat:
        return add_repeat(expr, from, to);
      case Kind::kRule:
        CHECK(expr.kind != Kind::kRule);
    }
  }

  Node add_behind(ExprId part, Node from) {
    // A node of its own, since the part may begin with a loop.
    const Node begin = add_node();
    const Node end = add_node();
    connect(from, begin);
    add(part, begin, end);
    return end;
  }

  void add_repeat(const Expr& expr, Node from, Node to) {
    const ExprId body = expr.parts.front();
    for (uint32_t round = 0; round < expr.min && !is_too_large(); ++round) {
      from = add_behind(body, from);
    }
    if (expr.max == kUnbounded) {
      const Node head = add_node();
      connect(from, head);
      connect(add_behind(body, head), head);
      return connect(head, to);
    }
    for (uint32_t round = expr.min; round < expr.max && !is_too_large(); ++round) {
      connect(from, to);
      from = add_behind(body, from);
    }
    connect(from, to);
  }

  void find_classes() {
    std::set<char32_t> begins = {0};
    for (const auto& steps : steps_) {
      for (const Step& step : steps) {
        if (step.letters == nullptr) continue;
        for (const CodePointRange& range : step.letters->ranges()) {
          begins.insert(range.first);
          if (range.last < kMaxCodePoint) begins.insert(range.last + 1);
        }
      }
    }
    result_.class_begins_.assign(begins.begin(), begins.end());
  }

  // All nodes that can be reached without a letter, rising.
  std::vector<Node> closure(std::span<const Node> starts) {
    rounds_.resize(steps_.size());
    ++round_;
    std::vector<Node> reached;
    const auto reach = [&](Node node) {
      if (std::exchange(rounds_[node], round_) != round_) reached.push_back(node);
    };
    std::ranges::for_each(starts, reach);
    for (size_t i = 0; i < reached.size(); ++i) {
      for (const Step& step : steps_[reached[i]]) {
        if (step.letters == nullptr) reach(step.target);
      }
    }
    work_ += reached.size();
    std::ranges::sort(reached);
    return reached;
  }

  std::vector<Node> after(std::span<const Node> nodes, char32_t letter) {
    std::vector<Node> reached;
    for (const Node node : nodes) {
      for (const Step& step : steps_[node]) {
        if (step.letters != nullptr && step.letters->contains(letter)) {
          reached.push_back(step.target);
        }
      }
    }
    work_ += nodes.size() + 1;
    return closure(reached);
  }

  uint32_t state_of(const std::vector<Node>& nodes) {
    const auto [place, is_new] = states_.try_emplace(nodes, static_cast<uint32_t>(members_.size()));
    if (!is_new) return place->second;
    members_.push_back(nodes);
    LetterAutomaton::Matches matches = 0;
    for (size_t i = 0; i < ends_.size(); ++i) {
      if (std::ranges::binary_search(nodes, ends_[i])) matches |= uint32_t{1} << i;
    }
    result_.matches_.push_back(matches);
    return place->second;
  }

  const Grammar& grammar_;
  std::vector<std::vector<Step>> steps_;  // [nodes]
  std::vector<Node> ends_;                // [expressions]
  std::map<std::vector<Node>, uint32_t> states_;
  std::vector<std::vector<Node>> members_;  // [states]
  std::vector<uint32_t> rounds_;            // [nodes]: the last in which it was reached
  uint32_t round_ = 0;
  size_t work_ = 0;
  LetterAutomaton result_;
};

// A rule for each state and, where lengths matter, each number of letters so far: the texts that
// lead from there to an end.
class LanguageWriter {
 public:
  LanguageWriter(const LetterAutomaton& automaton, Grammar& grammar,
                 const LetterAutomaton::Language& language)
      : automaton_(automaton),
        grammar_(grammar),
        language_(language),
        // From here on the letters need not be counted any more.
        max_count_(language.max_length == kUnbounded ? language.min_length : language.max_length) {}

  std::optional<ExprId> write() {
    find_distances();
    const ExprId root = grammar_.rule(rule_of({0, 0}));
    while (!open_.empty()) {
      if (is_too_large()) return std::nullopt;
      const Place place = open_.back();
      open_.pop_back();
      grammar_.set_body(rules_.at(place), body_of(place));
    }
    return root;
  }

 private:
  struct Place {
    uint32_t state = 0;
    uint32_t count = 0;
    auto operator<=>(const Place&) const = default;
  };
  static constexpr uint32_t kNever = kUnbounded;

  bool is_too_large() const {
    return rules_.size() > kMaxLetterRules || rules_.size() * num_classes() > kMaxLetterWork ||
           grammar_.is_too_large();
  }
  size_t num_states() const { return automaton_.matches_.size(); }
  size_t num_classes() const { return automaton_.class_begins_.size(); }
  uint32_t step(uint32_t state, size_t letters) const {
    return automaton_.steps_[state * num_classes() + letters];
  }
  bool is_end(uint32_t state) const { return language_.accepts(automaton_.matches_[state]); }

  // Of each state, how few letters lead to an end: from the ends back.
  void find_distances() {
    std::vector<std::vector<uint32_t>> before(num_states());
    for (uint32_t state = 0; state < num_states(); ++state) {
      for (size_t letters = 0; letters < num_classes(); ++letters) {
        before[step(state, letters)].push_back(state);
      }
    }
    distances_.assign(num_states(), kNever);
    std::vector<uint32_t> reached;
    for (uint32_t state = 0; state < num_states(); ++state) {
      if (!is_end(state)) continue;
      distances_[state] = 0;
      reached.push_back(state);
    }
    for (size_t i = 0; i < reached.size(); ++i) {
      for (const uint32_t state : before[reached[i]]) {
        if (distances_[state] != kNever) continue;
        distances_[state] = distances_[reached[i]] + 1;
        reached.push_back(state);
      }
    }
  }

  bool can_end(uint32_t state, uint32_t count) const {
    if (distances_[state] == kNever) return false;
    return language_.max_length == kUnbounded || distances_[state] <= language_.max_length - count;
  }

  RuleId rule_of(Place place) {
    const auto [known, is_new] = rules_.try_emplace(place, 0);
    if (is_new) {
      known->second = grammar_.add_rule(language_.name);
      open_.push_back(place);
    }
    return known->second;
  }

  // What goes round in the same place is a loop, which is cheaper than a rule that calls itself.
  ExprId body_of(Place place) {
    std::map<Place, std::vector<size_t>> classes;
    const bool is_full = language_.max_length != kUnbounded && place.count == max_count_;
    for (size_t letters = 0; letters < num_classes() && !is_full; ++letters) {
      const Place next = {step(place.state, letters), std::min(place.count + 1, max_count_)};
      if (can_end(next.state, next.count)) classes[next].push_back(letters);
    }
    std::vector<ExprId> ways;
    std::optional<ExprId> loop;
    for (const auto& [next, letters] : classes) {
      if (next == place) {
        loop = grammar_.repeat(language_.write_letters(grammar_, set_of(letters)), 0, kUnbounded);
      } else {
        const ExprId rest = grammar_.rule(rule_of(next));
        ways.push_back(grammar_.sequence({shared(letters), rest}));
      }
    }
    if (is_end(place.state) && place.count >= language_.min_length) {
      ways.push_back(grammar_.empty());
    }
    const ExprId way = grammar_.choice(std::move(ways));
    return loop ? grammar_.sequence({*loop, way}) : way;
  }

  CodePointSet set_of(const std::vector<size_t>& classes) const {
    CodePointSet set;
    for (const size_t letters : classes) {
      const char32_t first = automaton_.class_begins_[letters];
      const char32_t last =
          letters + 1 < num_classes() ? automaton_.class_begins_[letters + 1] - 1 : kMaxCodePoint;
      set.add({first, last});
    }
    return set;
  }

  // A set of letters stands at many places, and may be long in bytes.
  ExprId shared(const std::vector<size_t>& classes) {
    const auto [known, is_new] = sets_.try_emplace(classes, 0);
    if (is_new) {
      known->second =
          grammar_.add_rule(language_.name, language_.write_letters(grammar_, set_of(classes)));
    }
    return grammar_.rule(known->second);
  }

  const LetterAutomaton& automaton_;
  Grammar& grammar_;
  const LetterAutomaton::Language& language_;
  const uint32_t max_count_;
  std::vector<uint32_t> distances_;  // [states]
  std::map<Place, RuleId> rules_;
  std::vector<Place> open_;
  std::map<std::vector<size_t>, RuleId> sets_;
};

std::optional<LetterAutomaton> LetterAutomaton::build(const Grammar& grammar,
                                                      std::span<const ExprId> expressions) {
  CHECK(expressions.size() <= kMaxLetterExpressions);
  return LetterAutomatonBuilder(grammar).build(expressions);
}

size_t LetterAutomaton::class_of(char32_t letter) const {
  const auto behind = std::ranges::upper_bound(class_begins_, letter);
  return static_cast<size_t>(behind - class_begins_.begin()) - 1;
}

LetterAutomaton::Matches LetterAutomaton::matches_of(std::string_view text) const {
  uint32_t state = 0;
  while (!text.empty()) {
    const DecodedChar letter = decode_utf8(text);
    state = steps_[state * class_begins_.size() + class_of(letter.code_point)];
    text.remove_prefix(letter.length);
  }
  return matches_[state];
}

std::vector<LetterAutomaton::Matches> LetterAutomaton::all_matches() const {
  const std::set<Matches> all(matches_.begin(), matches_.end());
  return {all.begin(), all.end()};
}

std::optional<ExprId> LetterAutomaton::write(Grammar& grammar, const Language& language) const {
  return LanguageWriter(*this, grammar, language).write();
}

}  // namespace youtu
