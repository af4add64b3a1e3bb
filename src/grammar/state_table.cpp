#include "grammar/state_table.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/check.h"

namespace youtu {
namespace {

// In threads that are followed: what a new state costs in time and room, and how many threads can
// be passed over in the time of following one.
constexpr int64_t kStepCost = 32;
constexpr uint32_t kThreadsLookedAt = 8;

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

}  // namespace

size_t StateTable::FrameHash::operator()(const Frame& frame) const {
  return mix(mix(uint64_t{frame.back} << 32 | frame.loop, frame.rounds), frame.below);
}

StateTable::StateTable(Automaton automaton)
    : automaton_(std::move(automaton)), num_classes_(automaton_.num_byte_classes()) {
  renew();
}

void StateTable::renew() {
  before_ = std::exchange(store_, Store());
  store_.frames.assign(1, Frame());
  steps_.clear();
  states_by_hash_.clear();
  stacks_.clear();
  readers_.clear();
  is_end_reached_ = false;
  // The dead state leads to itself.
  CHECK(add_state(0) == kDeadState);
  std::ranges::fill(steps_, kDeadState);

  budget_ = static_cast<int64_t>(2 * kMaxStateThreads);
  seen_.clear();
  add_reached({.node = automaton_.start(), .stack = 0});
  start_ = follow_empty_edges() ? keep_reached() : kDeadState;
}

StateId StateTable::carry_over(StateId before) {
  readers_.clear();
  for (const Thread& thread : before_.threads_of(before)) {
    readers_.push_back({thread.node, carry_over_stack(thread.stack)});
  }
  is_end_reached_ = before_.states[before].is_complete;
  return keep_reached();
}

StateTable::StackId StateTable::carry_over_stack(StackId before) {
  std::vector<StackId> path;
  for (; before != 0; before = before_.frames[before].below) path.push_back(before);
  StackId stack = 0;
  for (const StackId id : std::views::reverse(path)) {
    Frame frame = before_.frames[id];
    frame.below = stack;
    stack = push(frame);
  }
  return stack;
}

StateTable::StackId StateTable::push(const Frame& frame) {
  const auto [place, is_new] =
      stacks_.try_emplace(frame, static_cast<StackId>(store_.frames.size()));
  if (is_new) store_.frames.push_back(frame);
  return place->second;
}

void StateTable::add_reached(Thread thread) {
  const uint64_t key = uint64_t{thread.node} << 32 | thread.stack;
  if (seen_.insert(key).second) reached_.push_back(thread);
}

// From reached_ along all edges that read nothing, to the threads that wait for a byte. False if
// there are too many.
bool StateTable::follow_empty_edges() {
  readers_.clear();
  is_end_reached_ = false;
  bool is_cut = false;
  for (size_t i = 0; i < reached_.size() && !is_cut; ++i) {
    const Thread thread = reached_[i];
    bool reads = false;
    for (const Edge& edge : automaton_.edges(thread.node)) {
      reads |= edge.kind == Edge::Kind::kByte;
      follow(edge, thread);
    }
    if (reads) readers_.push_back(thread);
    --budget_;
    is_cut = reached_.size() > kMaxStateThreads || budget_ < 0;
  }
  reached_.clear();
  if (budget_ < 0) is_exhausted_ = true;
  return !is_cut;
}

void StateTable::follow(const Edge& edge, Thread thread) {
  switch (edge.kind) {
    case Edge::Kind::kByte:
      return;
    case Edge::Kind::kEmpty:
      return add_reached({edge.target, thread.stack});
    case Edge::Kind::kCall:
      return add_reached({edge.target, edge.back == kNoNode
                                           ? thread.stack
                                           : push({.back = edge.back, .below = thread.stack})});
    case Edge::Kind::kLoop: {
      const Loop& loop = automaton_.loop(edge.target);
      add_reached({loop.body, push({.loop = edge.target, .below = thread.stack})});
      if (loop.min == 0) add_reached({loop.exit, thread.stack});
      return;
    }
    case Edge::Kind::kNextRound: {
      const Loop& loop = automaton_.loop(edge.target);
      Frame frame = store_.frames[thread.stack];
      DCHECK(frame.back == kNoNode && frame.loop == edge.target);
      ++frame.rounds;
      if (frame.rounds < loop.max) add_reached({loop.body, push(frame)});
      if (frame.rounds >= loop.min) add_reached({loop.exit, frame.below});
      return;
    }
    case Edge::Kind::kReturn:
      if (thread.stack == 0) {
        is_end_reached_ = true;
      } else {
        const Frame& frame = store_.frames[thread.stack];
        add_reached({frame.back, frame.below});
      }
      return;
  }
}

StateId StateTable::find_step(StateId state, uint8_t byte) {
  budget_ -= kStepCost + store_.states[state].num_threads / kThreadsLookedAt;
  if (budget_ <= 0) {
    is_exhausted_ = true;
    return kDeadState;
  }
  seen_.clear();
  for (const Thread& thread : store_.threads_of(state)) {
    for (const Edge& edge : automaton_.edges(thread.node)) {
      const bool is_read =
          edge.kind == Edge::Kind::kByte && edge.first <= byte && byte <= edge.last;
      if (is_read) add_reached({edge.target, thread.stack});
    }
  }
  const bool is_whole = follow_empty_edges();
  if (!is_whole && is_exhausted_) return kDeadState;
  const StateId next = is_whole ? keep_reached() : kDeadState;
  steps_[state * size_t{num_classes_} + automaton_.byte_class(byte)] = next;
  return next;
}

StateId StateTable::step_tag(StateId state, std::string_view bytes) {
  for (const char letter : bytes) {
    const auto byte = static_cast<uint8_t>(letter);
    seen_.clear();
    for (const Thread& thread : store_.threads_of(state)) {
      for (const Edge& edge : automaton_.edges(thread.node)) {
        const bool is_read = edge.kind == Edge::Kind::kByte && edge.is_tag && edge.first <= byte &&
                             byte <= edge.last;
        if (is_read) add_reached({edge.target, thread.stack});
      }
    }
    state = follow_empty_edges() ? keep_reached() : kDeadState;
    if (state == kDeadState) break;
  }
  return state;
}

// The state of readers_ and is_end_reached_: one that is there, or a new one.
StateId StateTable::keep_reached() {
  if (readers_.empty() && !is_end_reached_) return kDeadState;
  std::ranges::sort(readers_);
  uint64_t hash = is_end_reached_ ? 1 : 0;
  for (const Thread& thread : readers_) {
    hash = mix(hash, uint64_t{thread.node} << 32 | thread.stack);
  }
  const auto [begin, end] = states_by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    const StateId known = it->second;
    if (store_.states[known].is_complete == is_end_reached_ &&
        std::ranges::equal(store_.threads_of(known), readers_)) {
      return known;
    }
  }
  return add_state(hash);
}

StateId StateTable::add_state(uint64_t hash) {
  const auto id = static_cast<StateId>(store_.states.size());
  State state = {.first_thread = static_cast<uint32_t>(store_.threads.size()),
                 .num_threads = static_cast<uint32_t>(readers_.size()),
                 .is_complete = is_end_reached_};
  for (const Thread& thread : readers_) {
    const TextRoom room = text_room_of(thread);
    if (room.count > state.text_room.count) state.text_room = room;
    for (const Edge& edge : automaton_.edges(thread.node)) state.has_tags |= edge.is_tag;
  }
  store_.threads.insert(store_.threads.end(), readers_.begin(), readers_.end());
  store_.states.push_back(state);
  steps_.resize(steps_.size() + num_classes_, kUnknown);
  states_by_hash_.emplace(hash, id);
  return id;
}

StateTable::TextRoom StateTable::text_room_of(Thread thread) const {
  const TextLoop loop = automaton_.text_loop(thread.node);
  switch (loop.kind) {
    case TextLoop::Kind::kNone:
      return {};
    case TextLoop::Kind::kEndless:
      return {kEndlessText, loop.letters};
    case TextLoop::Kind::kCounted: {
      const Frame& frame = store_.frames[thread.stack];
      return {automaton_.loop(frame.loop).max - frame.rounds, loop.letters};
    }
  }
  return {};
}

size_t StateTable::Store::bytes() const {
  return states.size() * sizeof(State) + threads.size() * sizeof(Thread) +
         frames.size() * sizeof(Frame);
}

size_t StateTable::bytes() const {
  // A node of a hash table has a pointer or two, its hash, and its place in the table.
  constexpr size_t kHashNode = 40;
  return store_.bytes() + steps_.size() * sizeof(StateId) + store_.states.size() * kHashNode +
         store_.frames.size() * (sizeof(Frame) + kHashNode);
}

}  // namespace youtu
