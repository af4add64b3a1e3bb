#include "text/jinja/arguments.h"

#include "base/check.h"
#include "text/jinja/execution.h"

#include <algorithm>
#include <string>

namespace youtu::jinja {

namespace {
const Value kNoArgument;
}

BoundArguments::BoundArguments(Execution& execution, std::string_view function,
                               const Arguments& arguments,
                               std::initializer_list<std::string_view> parameters,
                               size_t num_required)
    : execution_(execution), function_(function) {
  CHECK(parameters.size() <= kMaxParameters);
  std::copy(parameters.begin(), parameters.end(), names_.begin());
  const std::string who(function);
  if (arguments.positional.size() > parameters.size()) {
    execution.fail(who + "() takes at most " + std::to_string(parameters.size()) +
                   " arguments, not " + std::to_string(arguments.positional.size()));
    return;
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) places_[i] = &arguments.positional[i];
  for (const Arguments::Keyword& keyword : arguments.keywords) {
    const auto* found = std::find(parameters.begin(), parameters.end(), keyword.name);
    if (found == parameters.end()) {
      execution.fail(who + "() has no parameter '" + std::string(keyword.name.substr(0, 64)) + "'");
      return;
    }
    places_[static_cast<size_t>(found - parameters.begin())] = &keyword.value;
  }
  for (size_t i = 0; i < num_required; ++i) {
    if (!has(i)) {
      execution.fail(who + "() needs an argument '" + std::string(names_[i]) + "'");
      return;
    }
  }
}

const Value& BoundArguments::operator[](size_t i) const {
  return has(i) ? *places_[i] : kNoArgument;
}

void BoundArguments::fail_type(size_t i, std::string_view expected) const {
  execution_.fail(std::string(function_) + "(): argument '" + std::string(names_[i]) + "' is " +
                  std::string(type_name(*places_[i])) + ", expected " + std::string(expected));
}

int64_t BoundArguments::integer_or(size_t i, int64_t fallback) const {
  if (!has(i)) return fallback;
  if (places_[i]->is_integer() || places_[i]->is_bool()) return places_[i]->as_integer();
  fail_type(i, "int");
  return fallback;
}

bool BoundArguments::bool_or(size_t i, bool fallback) const {
  return has(i) ? is_truthy(*places_[i]) : fallback;
}

std::string_view BoundArguments::bytes_or(size_t i, std::string_view fallback) const {
  if (!has(i)) return fallback;
  if (places_[i]->is_text()) return places_[i]->bytes();
  fail_type(i, "str");
  return fallback;
}

}  // namespace youtu::jinja
