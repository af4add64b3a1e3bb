// A stream of events: taken whole or byte by byte it comes to the same events, and whatever they
// hold, each interface's reader says something of it.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "load/answer_reader.h"
#include "load/sse_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace youtu::load;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  SseReader whole;
  std::vector<SseEvent> events;
  const bool is_ok = whole.push(bytes, events).is_ok();
  SseReader stepwise;
  std::vector<SseEvent> stepped;
  bool steps_ok = true;
  for (size_t i = 0; i < size && steps_ok; ++i) {
    steps_ok = stepwise.push(bytes.substr(i, 1), stepped).is_ok();
  }
  CHECK(is_ok == steps_ok);
  CHECK(events == stepped);
  for (const SseEvent& event : events) {
    for (const LoadApi api : {LoadApi::kNative, LoadApi::kOpenAi}) {
      (void)read_answer_event(api, event);
    }
    (void)error_code_of(event.data);
  }
  return 0;
}
