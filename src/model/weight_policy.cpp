#include "model/weight_policy.h"

#include <optional>
#include <string>

#include "base/check.h"

namespace youtu {

namespace {

using enum WeightKind;

struct KindName {
  std::string_view name;
  std::array<std::optional<WeightKind>, 5> kinds;
};
constexpr KindName kKindNames[] = {
    {"head", {kHead}},
    {"q_a", {kQA}},
    {"q_b", {kQB}},
    {"kv_a", {kKvA}},
    {"kv_b", {kKvB}},
    {"o", {kO}},
    {"gate", {kGate}},
    {"up", {kUp}},
    {"down", {kDown}},
    {"attn", {kQA, kQB, kKvA, kKvB, kO}},
    {"mlp", {kGate, kUp, kDown}},
};

constexpr std::string_view kForms = "exact, auto, bf16, q4 or q8, as q4g64 or q4g32z";

Status error(std::string_view text, std::string what) {
  return Status::invalid_argument(
      "weights \"" + std::string(text.substr(0, 64)) + "\": " + std::move(what), "weights");
}

std::optional<WeightForm> read_form(std::string_view text) {
  if (text == "exact") return WeightForm{WeightForm::Kind::kExact};
  if (text == "auto") return WeightForm{WeightForm::Kind::kAuto};
  if (text == "bf16") return WeightForm{WeightForm::Kind::kBF16};
  WeightForm form = {WeightForm::Kind::kPacked};
  if (text.starts_with("q4")) {
    form.format.bits = 4;
  } else if (text.starts_with("q8")) {
    form.format.bits = 8;
  } else {
    return std::nullopt;
  }
  text.remove_prefix(2);
  if (text.ends_with('z')) {
    form.format.has_min = true;
    text.remove_suffix(1);
  }
  if (text == "g64") {
    form.format.group = 64;
  } else if (text == "g128") {
    form.format.group = 128;
  } else if (!text.empty() && text != "g32") {
    return std::nullopt;
  }
  return form;
}

std::string to_string(const WeightForm& form) {
  switch (form.kind) {
    case WeightForm::Kind::kExact:
      return "exact";
    case WeightForm::Kind::kAuto:
      return "auto";
    case WeightForm::Kind::kBF16:
      return "bf16";
    case WeightForm::Kind::kPacked:
      return to_string(form.format);
  }
  UNREACHABLE();
}

const KindName* find_kind(std::string_view name) {
  for (const KindName& known : kKindNames) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

WeightPolicy uniform(const WeightForm& form) {
  WeightPolicy policy;
  policy.forms.fill(form);
  if (form.kind == WeightForm::Kind::kPacked && form.format.bits == 4) {
    const WeightForm finer = {WeightForm::Kind::kPacked, {.bits = 8}};
    policy.forms[static_cast<size_t>(kHead)] = finer;
    policy.forms[static_cast<size_t>(kKvB)] = finer;
  }
  return policy;
}

// "head=q8", over what the policy says so far.
Status apply_rule(std::string_view text, std::string_view rule, WeightPolicy& policy) {
  const size_t equals = rule.find('=');
  if (equals == std::string_view::npos) {
    return error(text, "\"" + std::string(rule) + "\" is no rule (matrix=form)");
  }
  const KindName* name = find_kind(rule.substr(0, equals));
  if (name == nullptr) {
    return error(text, "there is no matrix \"" + std::string(rule.substr(0, equals)) +
                           "\" (head, q_a, q_b, kv_a, kv_b, o, gate, up, down, attn or mlp)");
  }
  const auto form = read_form(rule.substr(equals + 1));
  if (!form) {
    return error(text, "there is no form \"" + std::string(rule.substr(equals + 1)) + "\" (" +
                           std::string(kForms) + ")");
  }
  for (const auto& kind : name->kinds) {
    if (kind) policy.forms[static_cast<size_t>(*kind)] = *form;
  }
  return Status::ok();
}

}  // namespace

Result<WeightPolicy> parse_weight_policy(std::string_view text) {
  size_t comma = text.find(',');
  const auto form = read_form(text.substr(0, comma));
  if (!form) {
    return error(text, "there is no form \"" + std::string(text.substr(0, comma).substr(0, 32)) +
                           "\" (" + std::string(kForms) + ")");
  }
  WeightPolicy policy = uniform(*form);
  while (comma != std::string_view::npos) {
    const size_t begin = comma + 1;
    comma = text.find(',', begin);
    RETURN_IF_ERROR(apply_rule(text, text.substr(begin, comma - begin), policy));
  }
  return policy;
}

std::string to_string(const WeightPolicy& policy) {
  const WeightForm& most = policy.form(kDown);
  const WeightPolicy base = uniform(most);
  std::string text = to_string(most);
  for (const KindName& name : kKindNames) {
    const bool is_single = name.kinds[0].has_value() && !name.kinds[1].has_value();
    if (!is_single || policy.form(*name.kinds[0]) == base.form(*name.kinds[0])) continue;
    text += "," + std::string(name.name) + "=" + to_string(policy.form(*name.kinds[0]));
  }
  return text;
}

}  // namespace youtu
