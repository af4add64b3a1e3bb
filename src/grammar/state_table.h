// Runs an automaton. A state is all that it may be in the middle of, as a set of threads: a node
// and a stack each. States are made when they are first met and then kept, and so are the steps
// between them, so that where a text has been before, a byte costs one look into a table. (Thompson
// 1968; the keeping is RE2's.)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/format_cursor.h"

namespace youtu {

// Where a text can be read in more ways than this, it is given up as dead.
inline constexpr size_t kMaxStateThreads = 16'384;

// One thread at a time.
class StateTable {
 public:
  static constexpr uint32_t kEndlessText = ~uint32_t{0};
  // So many letters may follow at least, whatever they are, of the set `letters` among the
  // automaton's text_letters().
  struct TextRoom {
    uint32_t count = 0;
    uint8_t letters = 0;
  };

  explicit StateTable(Automaton automaton);

  StateId start() const { return start_; }
  // The state after `byte`; kDeadState if it may not stand there.
  StateId step(StateId state, uint8_t byte) {
    const StateId next = steps_[state * size_t{num_classes_} + automaton_.byte_class(byte)];
    return next != kUnknown ? next : find_step(state, byte);
  }
  // The state after the bytes of a control token: they must lie in a tag.
  StateId step_tag(StateId state, std::string_view bytes);

  // The text may end here.
  bool is_complete(StateId state) const { return store_.states[state].is_complete; }
  bool has_tags(StateId state) const { return store_.states[state].has_tags; }
  TextRoom text_room(StateId state) const { return store_.states[state].text_room; }
  std::span<const CodePointSet> text_letters() const { return automaton_.text_letters(); }

  // From here on so many threads may be followed for steps that are not known yet; then such steps
  // lead to kDeadState. What was so cut short is not kept.
  void set_budget(int64_t threads) {
    budget_ = threads;
    is_exhausted_ = false;
  }
  bool is_exhausted() const { return is_exhausted_; }

  size_t num_states() const { return store_.states.size(); }
  size_t bytes() const;
  // Begins a new table. Every StateId but kDeadState is void; those of the table before, and only
  // of that one, can still be carried over.
  void renew();
  StateId carry_over(StateId before);

 private:
  static constexpr StateId kUnknown = ~StateId{0};
  using StackId = uint32_t;  // 0: empty

  // What comes after the rule or the round that is being read, and below it the rest. Equal stacks
  // are one.
  struct Frame {
    NodeId back = kNoNode;  // of a rule; kNoNode for a loop
    uint32_t loop = 0;
    uint32_t rounds = 0;  // of the loop that are over
    StackId below = 0;
    bool operator==(const Frame&) const = default;
  };
  struct FrameHash {
    size_t operator()(const Frame& frame) const;
  };
  struct Thread {
    NodeId node = 0;
    StackId stack = 0;
    auto operator<=>(const Thread&) const = default;
  };
  struct State {
    uint32_t first_thread = 0;  // in threads_
    uint32_t num_threads = 0;
    TextRoom text_room = {};
    bool is_complete = false;
    bool has_tags = false;
  };

  // What states are made of.
  struct Store {
    std::vector<State> states;
    std::vector<Thread> threads;
    std::vector<Frame> frames;  // [0] is none

    std::span<const Thread> threads_of(StateId state) const {
      return std::span(threads).subspan(states[state].first_thread, states[state].num_threads);
    }
    size_t bytes() const;
  };

  StateId find_step(StateId state, uint8_t byte);
  StackId push(const Frame& frame);
  StackId carry_over_stack(StackId before);
  void add_reached(Thread thread);
  bool follow_empty_edges();
  void follow(const Edge& edge, Thread thread);
  StateId keep_reached();
  StateId add_state(uint64_t hash);
  TextRoom text_room_of(Thread thread) const;

  Automaton automaton_;
  uint32_t num_classes_;
  StateId start_ = kDeadState;
  Store store_;
  Store before_;                // of the table before
  std::vector<StateId> steps_;  // [states, byte classes]
  std::unordered_multimap<uint64_t, StateId> states_by_hash_;
  std::unordered_map<Frame, StackId, FrameHash> stacks_;
  int64_t budget_ = 0;
  bool is_exhausted_ = false;

  // Scratch: the threads that a byte leads to, and those that the next byte is read from.
  std::vector<Thread> reached_;
  std::unordered_set<uint64_t> seen_;
  std::vector<Thread> readers_;
  bool is_end_reached_ = false;
};

}  // namespace youtu
