#include "base/describe_exception.h"

#include <new>
#include <system_error>

namespace youtu {

std::string describe_exception(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "the system gives no more memory (ulimit -v, the control group)";
  }
  const auto* of_system = dynamic_cast<const std::system_error*>(&error);
  // What std::thread throws where it cannot start.
  if (of_system != nullptr && of_system->code() == std::errc::resource_unavailable_try_again) {
    return "the system starts no more threads (ulimit -u, ulimit -v, the control group)";
  }
  return error.what();
}

}  // namespace youtu
