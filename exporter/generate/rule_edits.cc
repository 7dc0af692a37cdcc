#include "exporter/generate/rule_edits.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration.h"
#include "base/number.h"
#include "exporter/generate/promql_edit.h"
#include "exporter/generate/template_edit.h"
#include "exporter/generate/yaml_text.h"

namespace tocsin::generate {
namespace {

constexpr std::string_view kRunbookFolder = "docs/runbooks/";
constexpr std::string_view kRunbookSuffix = ".md";
constexpr std::string_view kNamePlace = "{name}";

YamlNode* Find(YamlNode& map, std::string_view key) {
  for (YamlEntry& entry : map.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

/// The value of `key`. If it is not there it is added, before the first of `followers` that is.
YamlNode& FindOrAdd(YamlNode& map, std::string_view key,
                    std::initializer_list<std::string_view> followers) {
  if (YamlNode* const found = Find(map, key)) return *found;
  const auto place = std::ranges::find_if(map.entries, [&](const YamlEntry& entry) {
    return std::ranges::find(followers, entry.key.text) != followers.end();
  });
  return map.entries.insert(place, {TextNode(std::string(key)), YamlNode()})->value;
}

template <class T>
std::optional<T> ValueFor(const std::vector<std::pair<std::string, T>>& values,
                          std::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string RunbookUrl(std::string_view shipped, const std::string& base) {
  if (!shipped.starts_with(kRunbookFolder) || !shipped.ends_with(kRunbookSuffix)) {
    return std::string(shipped);
  }
  std::string_view name = shipped.substr(kRunbookFolder.size());
  name.remove_suffix(kRunbookSuffix.size());
  std::string url = base;
  if (const std::size_t at = url.find(kNamePlace); at != std::string::npos) {
    return url.replace(at, kNamePlace.size(), name);
  }
  if (!url.ends_with('/')) url += '/';
  return url.append(name).append(kRunbookSuffix);
}

/// One rule, being changed.
class RuleEditor {
 public:
  RuleEditor(YamlNode& rule, const RuleEdits& edits) : rule_(rule), edits_(edits) {
    const YamlNode* const alert = rule.Find("alert");
    is_alert_ = alert != nullptr;
    const YamlNode* const name = is_alert_ ? alert : rule.Find("record");
    if (name != nullptr) name_ = name->text;
  }

  Status Edit() {
    if (Status done = EditExpr(); !done) return done.error().Within(name_);
    if (!is_alert_) return {};
    EditHold();
    EditLabels();
    if (Status done = EditAnnotations(); !done) return done.error().Within(name_);
    return {};
  }

 private:
  Status EditExpr() {
    YamlNode* const expr = Find(rule_, "expr");
    if (expr == nullptr) return {};
    if (const auto number = ValueFor(edits_.thresholds, name_); number && is_alert_) {
      Result<std::string> text = WithThreshold(expr->text, *number);
      if (!text) return text.error().Within("--threshold");
      *expr = TextNode(*std::move(text));
      notes_.push_back("its limit is " + FormatNumber(*number));
    }
    if (edits_.matchers.empty()) return {};
    const Result<std::vector<Insertion>> insertions =
        MatcherInsertions(expr->text, edits_.matchers);
    if (!insertions) return insertions.error();
    *expr = TextNode(WithInsertions(expr->text, *insertions));
    return {};
  }

  void EditHold() {
    const auto hold = ValueFor(edits_.holds, name_);
    if (!hold) return;
    FindOrAdd(rule_, "for", {"keep_firing_for", "labels", "annotations"}) =
        TextNode(FormatDuration(*hold));
    notes_.push_back("it waits for " + FormatDuration(*hold));
  }

  void EditLabels() {
    if (edits_.labels.empty()) return;
    YamlNode& labels = FindOrAdd(rule_, "labels", {"annotations"});
    labels.kind = YamlNode::Kind::kMap;
    for (const auto& [name, value] : edits_.labels) FindOrAdd(labels, name, {}) = TextNode(value);
  }

  Status EditAnnotations() {
    YamlNode* const annotations = Find(rule_, "annotations");
    if (annotations == nullptr) return {};
    if (!edits_.matchers.empty()) {
      for (YamlEntry& annotation : annotations->entries) {
        Result<std::string> text = WithMatchersInQueries(annotation.value.text, edits_.matchers);
        if (!text) return text.error().Within("annotation " + annotation.key.text);
        annotation.value.text = *std::move(text);
      }
    }
    YamlNode* const url = Find(*annotations, "runbook_url");
    if (url != nullptr && !edits_.runbook_url.empty()) {
      *url = TextNode(RunbookUrl(url->text, edits_.runbook_url));
    }
    YamlNode* const description = Find(*annotations, "description");
    if (description != nullptr && !notes_.empty()) {
      *description = TextNode(
          fmt::format("{} (That is how tocsin ships this alert. Here it was changed, and this "
                      "counts instead: {}.)",
                      description->text, fmt::join(notes_, ", ")));
    }
    return {};
  }

  YamlNode& rule_;
  const RuleEdits& edits_;
  bool is_alert_ = false;
  std::string name_;
  std::vector<std::string> notes_;  ///< For the description.
};

}  // namespace

std::vector<std::string> RuleEdits::AlertNames() const {
  std::vector<std::string> names;
  for (const auto& [name, number] : thresholds) names.push_back(name);
  for (const auto& [name, hold] : holds) names.push_back(name);
  return names;
}

Status EditRules(YamlNode& rule_file, const RuleEdits& edits) {
  YamlNode* const groups = Find(rule_file, "groups");
  if (groups == nullptr) return {};
  for (YamlNode& group : groups->items) {
    YamlNode* const rules = Find(group, "rules");
    if (rules == nullptr) continue;
    for (YamlNode& rule : rules->items) {
      if (Status done = RuleEditor(rule, edits).Edit(); !done) return done;
    }
  }
  return {};
}

}  // namespace tocsin::generate
