#include "text/normalizer.h"

#include "base/check.h"
#include "base/utf8.h"
#include "text/character_class.h"
#include "text/oniguruma_pattern.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

namespace youtu {

namespace {

using CodePoints = std::vector<utf8proc_int32_t>;

constexpr size_t kMaxGrowth = 64;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

int combining_class(utf8proc_int32_t c) {
  return utf8proc_get_property(c)->combining_class;
}

// Marks after a base character are in the order of their combining class. utf8proc's own ordering
// is quadratic in the length of such a run, and runs come from users.
void order_marks(CodePoints& points) {
  struct Mark {
    int combining_class;
    size_t position;  // marks of one class stay in order
    utf8proc_int32_t point;
  };
  std::vector<Mark> marks;
  for (size_t begin = 0; begin < points.size(); begin += marks.size() + 1) {
    marks.clear();
    for (size_t i = begin; i < points.size() && combining_class(points[i]) != 0; ++i) {
      marks.push_back({combining_class(points[i]), i, points[i]});
    }
    std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
      return std::tie(a.combining_class, a.position) < std::tie(b.combining_class, b.position);
    });
    for (size_t i = 0; i < marks.size(); ++i) points[begin + i] = marks[i].point;
  }
}

void decompose(char32_t c, bool compatibility, CodePoints& out) {
  // The longest decomposition of one character (U+FDFA) has 18.
  std::array<utf8proc_int32_t, 32> parts{};
  const int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(c), parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
      static_cast<utf8proc_option_t>(options), &boundary);
  CHECK(count >= 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()));
  out.insert(out.end(), parts.begin(), parts.begin() + count);
}

std::string normal_form(std::string_view text, bool compatibility, bool compose) {
  if (is_ascii(text)) return std::string(text);
  CodePoints points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text.substr(i));
    decompose(c.code_point, compatibility, points);
    i += c.length;
  }
  order_marks(points);
  if (compose && !points.empty()) {
    const int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    const utf8proc_ssize_t length =
        utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                 static_cast<utf8proc_option_t>(options));
    CHECK(length >= 0);
    points.resize(static_cast<size_t>(length));
  }
  std::string out;
  out.reserve(text.size());
  for (const utf8proc_int32_t point : points) append_utf8(out, static_cast<char32_t>(point));
  return out;
}

std::string lowercase(std::string_view text) {
  constexpr char32_t kCapitalIWithDot = 0x130;  // the only character that becomes two
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text.substr(i));
    if (c.code_point == kCapitalIWithDot) {
      out += "i\u0307";
    } else {
      append_utf8(out, static_cast<char32_t>(
                           utf8proc_tolower(static_cast<utf8proc_int32_t>(c.code_point))));
    }
    i += c.length;
  }
  return out;
}

std::string without_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text.substr(i));
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c.code_point));
    const bool is_mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
                         category == UTF8PROC_CATEGORY_ME;
    if (!is_mark) out += text.substr(i, c.length);
    i += c.length;
  }
  return out;
}

Result<std::string> replace_matches(const SplitPattern& pattern, std::string_view text,
                                    std::string_view content) {
  std::string out;
  size_t done = 0;
  size_t from = 0;
  while (from <= text.size() && !text.empty()) {
    const auto match = pattern.find(text, from);
    RETURN_IF_ERROR(match);
    if (!match->found) break;
    out += text.substr(done, match->begin - done);
    out += content;
    done = match->end;
    from = match->end;
    if (match->end == match->begin) {
      if (from == text.size()) break;
      from += decode_utf8(text.substr(from)).length;
    }
  }
  out += text.substr(done);
  return out;
}

}  // namespace

Result<Normalizer> Normalizer::create(std::span<const NormalizerStage> stages) {
  Normalizer result;
  if (stages.size() > kMaxPipelineStages) {
    return Status::invalid_argument("normalizer: " + std::to_string(stages.size()) +
                                    " stages (at most " + std::to_string(kMaxPipelineStages) + ")");
  }
  for (const NormalizerStage& description : stages) {
    Stage stage{description};
    if (!is_utf8(description.pattern) || !is_utf8(description.content) ||
        description.pattern.size() > kMaxPatternBytes ||
        description.content.size() > kMaxReplacementBytes) {
      return Status::invalid_argument("normalizer: a pattern or content is not UTF-8 or too long");
    }
    if (description.pattern_is_regex) {
      const auto translated = translate_oniguruma(description.pattern);
      if (!translated) return translated.status().with_prefix("normalizer: ");
      auto pattern = SplitPattern::compile(*translated);
      if (!pattern) return pattern.status().with_prefix("normalizer: ");
      stage.pattern = std::move(*pattern);
    } else {
      stage.pattern = SplitPattern::literal(description.pattern);
    }
    result.stages_.push_back(std::move(stage));
  }
  return result;
}

Result<std::string> Normalizer::apply_stage(const Stage& stage, std::string_view text) {
  const NormalizerStage& description = stage.description;
  switch (description.kind) {
    case NormalizerKind::kNfc:
      return normal_form(text, false, true);
    case NormalizerKind::kNfd:
      return normal_form(text, false, false);
    case NormalizerKind::kNfkc:
      return normal_form(text, true, true);
    case NormalizerKind::kNfkd:
      return normal_form(text, true, false);
    case NormalizerKind::kLowercase:
      return lowercase(text);
    case NormalizerKind::kStripAccents:
      return without_marks(text);
    case NormalizerKind::kStrip: {
      if (description.strip_left) text.remove_prefix(leading_white_space(text));
      if (description.strip_right) text.remove_suffix(trailing_white_space(text));
      return std::string(text);
    }
    case NormalizerKind::kPrepend:
      return text.empty() ? std::string() : description.content + std::string(text);
    case NormalizerKind::kReplace:
      return replace_matches(stage.pattern, text, description.content);
  }
  UNREACHABLE();
}

Result<std::string> Normalizer::apply(std::string_view text) const {
  std::string current(text);
  for (const Stage& stage : stages_) {
    auto next = apply_stage(stage, current);
    RETURN_IF_ERROR(next);
    if (next->size() > kMaxGrowth * text.size() + kMaxReplacementBytes * kMaxPipelineStages) {
      return Status::invalid_argument("the text grows more than 64-fold when it is normalized", {},
                                      "too_complex");
    }
    current = std::move(*next);
  }
  return current;
}

}  // namespace youtu
