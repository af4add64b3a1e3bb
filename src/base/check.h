// CHECK is for our own mistakes, in every build type: it prints where and what, and ends the
// process. Input from outside is never CHECKed; it is a Status.
#pragma once

#include <source_location>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

[[noreturn]] void check_failed(std::string_view expression, std::source_location where);

}  // namespace youtu

#define CHECK(condition)                                                  \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::youtu::check_failed(#condition, std::source_location::current()); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif

#define UNREACHABLE() ::youtu::check_failed("unreachable", std::source_location::current())

#define RETURN_IF_ERROR(expression)                            \
  do {                                                         \
    if (auto&& status_of_ = (expression); !status_of_.is_ok()) \
      return ::youtu::status_of(status_of_);                   \
  } while (false)

namespace youtu {

// So that RETURN_IF_ERROR takes a Status or a Result.
inline const Status& status_of(const Status& status) {
  return status;
}
template <typename T>
const Status& status_of(const Result<T>& result) {
  return result.status();
}

}  // namespace youtu
