// A request's head: taken whole or byte by byte it comes to the same end, and what is accepted is
// within its limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/host_rules.h"
#include "http/request_head.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using youtu::http::RequestHead;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const youtu::http::HeadLimits limits;
  RequestHead whole(limits);
  const RequestHead::State state = whole.advance(bytes);
  RequestHead stepwise(limits);
  RequestHead::State last = RequestHead::State::kIncomplete;
  for (size_t n = 1; n <= size && last == RequestHead::State::kIncomplete; ++n)
    last = stepwise.advance(bytes.substr(0, n));
  CHECK(state == last);
  if (state != RequestHead::State::kComplete) return 0;
  CHECK(whole.size() == stepwise.size() && whole.size() <= size);
  CHECK(whole.request().fields.size() <= limits.max_fields);
  (void)youtu::http::check_host(whole.request(), {});
  (void)youtu::http::check_origin(whole.request(), {});
  return 0;
}
