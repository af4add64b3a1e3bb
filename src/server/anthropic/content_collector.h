// What a choice says, in the blocks of Anthropic's API: as events while it grows, and as a whole.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "server/choice_progress.h"

namespace youtu::anthropic {

struct BlockEvent {
  std::string type;    // "content_block_start", "content_block_delta", "content_block_stop"
  OrderedJson fields;  // of the event, but its type
};

class ContentCollector {
 public:
  void add(const ChoiceDelta& delta);
  // Ends the block that is open.
  void end();
  // What has happened since the last call.
  std::vector<BlockEvent> take_events();
  // All blocks. Call once, at the end.
  OrderedJson take_content();

 private:
  enum class Kind { kNone, kThinking, kText, kToolUse };
  void open(Kind kind, OrderedJson block);
  void append(const char* delta_type, const char* field, const std::string& text);

  Kind kind_ = Kind::kNone;  // of the block that is open
  size_t index_ = 0;         // its number
  std::string text_;         // what it has so far
  OrderedJson block_;        // as it began
  OrderedJson content_ = OrderedJson::array();
  std::vector<BlockEvent> events_;
};

}  // namespace youtu::anthropic
