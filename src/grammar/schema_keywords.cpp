#include "grammar/schema_keywords.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace youtu {
namespace {

enum class Meaning {
  kLimit,        // held
  kAnnotation,   // for people, or for other programs
  kUnsupported,  // a limit that is not held
};

struct Keyword {
  std::string_view name;
  Meaning meaning;
  std::string_view type = {};  // of the values that it limits
};

constexpr Keyword kKeywords[] = {
    {"type", Meaning::kLimit},
    {"enum", Meaning::kLimit},
    {"const", Meaning::kLimit},
    {"anyOf", Meaning::kLimit},
    {"oneOf", Meaning::kLimit},
    {"allOf", Meaning::kLimit},
    {"$ref", Meaning::kLimit},
    {"nullable", Meaning::kLimit},
    {"properties", Meaning::kLimit, "object"},
    {"required", Meaning::kLimit, "object"},
    {"patternProperties", Meaning::kLimit, "object"},
    {"additionalProperties", Meaning::kLimit, "object"},
    {"minProperties", Meaning::kLimit, "object"},
    {"maxProperties", Meaning::kLimit, "object"},
    {"items", Meaning::kLimit, "array"},
    {"prefixItems", Meaning::kLimit, "array"},
    {"minItems", Meaning::kLimit, "array"},
    {"maxItems", Meaning::kLimit, "array"},
    {"uniqueItems", Meaning::kLimit, "array"},
    {"minLength", Meaning::kLimit, "string"},
    {"maxLength", Meaning::kLimit, "string"},
    {"pattern", Meaning::kLimit, "string"},
    {"format", Meaning::kLimit, "string"},
    {"minimum", Meaning::kLimit, "number"},
    {"maximum", Meaning::kLimit, "number"},
    {"exclusiveMinimum", Meaning::kLimit, "number"},
    {"exclusiveMaximum", Meaning::kLimit, "number"},
    {"multipleOf", Meaning::kLimit, "number"},
    {"$schema", Meaning::kAnnotation},
    {"$comment", Meaning::kAnnotation},
    {"$defs", Meaning::kAnnotation},
    {"definitions", Meaning::kAnnotation},
    {"title", Meaning::kAnnotation},
    {"description", Meaning::kAnnotation},
    {"default", Meaning::kAnnotation},
    {"example", Meaning::kAnnotation},
    {"examples", Meaning::kAnnotation},
    {"deprecated", Meaning::kAnnotation},
    {"readOnly", Meaning::kAnnotation},
    {"writeOnly", Meaning::kAnnotation},
    {"contentMediaType", Meaning::kAnnotation},
    {"contentEncoding", Meaning::kAnnotation},
    {"propertyNames", Meaning::kUnsupported},
    {"dependentRequired", Meaning::kUnsupported},
    {"dependentSchemas", Meaning::kUnsupported},
    {"dependencies", Meaning::kUnsupported},
    {"unevaluatedProperties", Meaning::kUnsupported},
    {"unevaluatedItems", Meaning::kUnsupported},
    {"additionalItems", Meaning::kUnsupported},
    {"contains", Meaning::kUnsupported},
    {"minContains", Meaning::kUnsupported},
    {"maxContains", Meaning::kUnsupported},
    {"contentSchema", Meaning::kUnsupported},
    {"not", Meaning::kUnsupported},
    {"if", Meaning::kUnsupported},
    {"then", Meaning::kUnsupported},
    {"else", Meaning::kUnsupported},
    {"$anchor", Meaning::kUnsupported},
    {"$dynamicAnchor", Meaning::kUnsupported},
    {"$dynamicRef", Meaning::kUnsupported},
    {"$vocabulary", Meaning::kUnsupported},
};

const Keyword* find_keyword(std::string_view name) {
  const auto* found = std::ranges::find(kKeywords, name, &Keyword::name);
  return found == std::end(kKeywords) ? nullptr : found;
}

}  // namespace

Status check_keywords(const OrderedJson& schema, const SchemaPlace& place) {
  for (const auto& [name, value] : schema.items()) {
    if (name.starts_with("x-")) continue;
    // A name of the document; elsewhere it would change what "#" means below it.
    if (name == "$id" && place.pointer.empty()) continue;
    const Keyword* keyword = find_keyword(name);
    if (keyword == nullptr) {
      return unsupported_schema(place.below(name.substr(0, 64)),
                                "this keyword is not known (annotations of your own begin with "
                                "x-)");
    }
    if (keyword->meaning == Meaning::kUnsupported) {
      return unsupported_schema(place.below(name), "this keyword is not supported");
    }
  }
  return Status::ok();
}

bool is_constraining(std::string_view name) {
  const Keyword* keyword = find_keyword(name);
  return keyword != nullptr && keyword->meaning == Meaning::kLimit;
}

bool has_constraints(const OrderedJson& schema) {
  for (const auto& [name, value] : schema.items()) {
    if (is_constraining(name)) return true;
  }
  return false;
}

std::string_view type_of_keyword(std::string_view name) {
  const Keyword* keyword = find_keyword(name);
  return keyword == nullptr ? std::string_view() : keyword->type;
}

Result<std::optional<uint32_t>> read_count(const OrderedJson& schema, const char* keyword,
                                           const SchemaPlace& place) {
  constexpr double kMax = 1e9;
  const auto found = schema.find(keyword);
  if (found == schema.end()) return std::optional<uint32_t>();
  const double value = found->is_number() ? found->get<double>() : -1;
  // 3.0 is an integer, too.
  if (!(value >= 0 && value <= kMax) || value != static_cast<double>(static_cast<int64_t>(value))) {
    return invalid_schema(place.below(keyword), "this must be an integer (0 to 1000000000)");
  }
  return std::optional<uint32_t>(static_cast<uint32_t>(value));
}

}  // namespace youtu
