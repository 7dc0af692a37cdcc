#include "rules/rule_file.h"

#include <glob.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/labels.h"
#include "base/utf8.h"
#include "base/yaml_place.h"
#include "rules/promql/parser.h"
#include "rules/rule_template.h"

namespace tocsin {
namespace {

constexpr Duration kLongestInterval = std::chrono::hours(24 * 365);

std::string_view TextOf(const YamlNode& map, std::string_view key) {
  const YamlNode* const value = map.Find(key);
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

/// `own`, and what `shared` says beside it.
TextMap Merged(const TextMap& shared, const TextMap& own) {
  std::map<std::string, std::string> all(own.begin(), own.end());
  all.insert(shared.begin(), shared.end());
  return {all.begin(), all.end()};
}

/// Reads the tree of one file. Source: Prometheus' model/rulefmt/rulefmt.go, Validate(): what is
/// refused, and in which words.
class Reader {
 public:
  Reader(std::string_view text, const std::string& file, const RuleFileOptions& options,
         Diagnostics& diagnostics)
      : text_(text), file_(file), options_(options), diagnostics_(diagnostics) {}

  std::vector<RuleGroup> Read(const YamlNode& root) {
    YamlMap map(root, diagnostics_);
    AllowOthers(map);
    std::vector<RuleGroup> groups;
    std::size_t number = 0;
    for (const YamlNode& node : map.List("groups")) {
      const std::size_t mistakes = diagnostics_.size();
      RuleGroup group = ReadGroup(node, ++number);
      if (diagnostics_.size() == mistakes) groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  enum class Texts { kLabels, kAnnotations };

  void AllowOthers(YamlMap& map) const {
    if (options_.ignore_unknown_fields) map.IgnoreOthers();
  }

  RuleGroup ReadGroup(const YamlNode& node, std::size_t number) {
    const std::string_view name = TextOf(node, "name");
    const DiagnosticsScope scope(diagnostics_, name.empty() ? fmt::format("group {}", number)
                                                            : fmt::format("group \"{}\"", name));
    YamlMap map(node, diagnostics_);
    AllowOthers(map);
    RuleGroup group;
    group.file = file_;
    group.place = node.place;
    group.name = map.StringOr("name", "");
    if (group.name.empty()) diagnostics_.Add(map.PlaceOf("name"), "the name must not be empty");
    if (!group.name.empty() && !names_.insert(group.name).second) {
      diagnostics_.Add(map.PlaceOf("name"), "the name is repeated in the same file");
    }
    const Duration interval = map.DurationOr("interval", Duration{0});
    if (interval > kLongestInterval) {
      map.Refuse("interval", "expected a year at most: the rules would hardly ever be evaluated");
    }
    if (interval > Duration{0}) group.interval = interval;
    if (map.Has("query_offset")) group.query_offset = map.DurationOr("query_offset", Duration{0});
    if (!map.Has("query_offset")) map.Node("query_offset");
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    // Prometheus takes a negative limit for none.
    group.limit = static_cast<std::size_t>(
        std::max<std::int64_t>(map.IntegerOr("limit", 0, -kMost, kMost), 0));
    group.labels = ReadTexts(map, "labels", Texts::kLabels, /*templates=*/false);
    std::size_t rule_number = 0;
    for (const YamlNode& rule : map.List("rules")) {
      group.rules.push_back(ReadRule(rule, group, ++rule_number));
    }
    return group;
  }

  Rule ReadRule(const YamlNode& node, const RuleGroup& group, std::size_t number) {
    const std::string_view alert = TextOf(node, "alert");
    const std::string_view name = alert.empty() ? TextOf(node, "record") : alert;
    const DiagnosticsScope scope(diagnostics_, name.empty()
                                                   ? fmt::format("rule {}", number)
                                                   : fmt::format("rule {}, \"{}\"", number, name));
    YamlMap map(node, diagnostics_);
    AllowOthers(map);
    Rule rule;
    rule.place = node.place;
    ReadName(map, rule);
    ReadExpression(node, map, rule);
    rule.hold = map.DurationOr("for", Duration{0});
    rule.keep_firing_for = map.DurationOr("keep_firing_for", Duration{0});
    const bool templates = rule.kind == Rule::Kind::kAlerting;
    rule.labels = Merged(group.labels, ReadTexts(map, "labels", Texts::kLabels, templates));
    rule.annotations = ReadTexts(map, "annotations", Texts::kAnnotations, templates);
    if (rule.kind == Rule::Kind::kRecording) CheckRecording(map, rule);
    return rule;
  }

  void ReadName(YamlMap& map, Rule& rule) {
    std::string alert = map.StringOr("alert", "");
    std::string record = map.StringOr("record", "");
    if (!alert.empty() && !record.empty()) {
      diagnostics_.Add(map.PlaceOf("record"), "only one of 'record' and 'alert' must be set");
    }
    if (alert.empty() && record.empty()) {
      diagnostics_.Add(map.place(), "one of 'record' or 'alert' must be set");
    }
    rule.kind = record.empty() ? Rule::Kind::kAlerting : Rule::Kind::kRecording;
    rule.name = record.empty() ? std::move(alert) : std::move(record);
  }

  void ReadExpression(const YamlNode& node, YamlMap& map, Rule& rule) {
    rule.expr = map.StringOr("expr", "");
    rule.expr_place = map.PlaceOf("expr");
    const YamlNode* const scalar = node.Find("expr");
    if (rule.expr.empty()) {
      diagnostics_.Add(rule.expr_place, "field 'expr' must be set in rule");
      return;
    }
    const auto parsed = promql::Parse(rule.expr, {.experimental = options_.experimental});
    if (parsed) return;
    const std::uint32_t offset = parsed.error.position.begin;
    if (const auto place = PlaceInScalar(text_, *scalar, offset)) {
      diagnostics_.Add(*place, "could not parse expression: " + parsed.error.message);
    } else {
      diagnostics_.Add(rule.expr_place,
                       "could not parse expression: " + parsed.error.ToString(rule.expr));
    }
  }

  void CheckRecording(const YamlMap& map, const Rule& rule) {
    const auto refuse = [&](std::string_view key) {
      diagnostics_.Add(map.PlaceOf(key), fmt::format("invalid field '{}' in recording rule", key));
    };
    if (!rule.annotations.empty()) refuse("annotations");
    if (rule.hold != Duration{0}) refuse("for");
    if (rule.keep_firing_for != Duration{0}) refuse("keep_firing_for");
    if (!IsUtf8Name(rule.name)) {
      diagnostics_.Add(map.PlaceOf("record"), "invalid recording rule name");
    } else if (rule.name.find_first_of("{}") != std::string::npos) {
      diagnostics_.Add(map.PlaceOf("record"),
                       "braces present in the recording rule name; should it be in expr?");
    }
  }

  /// Labels or annotations. Other than elsewhere, a value that is missing is the empty text.
  TextMap ReadTexts(YamlMap& map, std::string_view key, Texts texts, bool templates) {
    const YamlNode* const node = map.Node(key);
    if (node == nullptr) return {};
    if (node->kind != YamlNode::Kind::kMap) {
      map.Refuse(key, "expected a map of names and texts");
      return {};
    }
    std::map<std::string, std::string> read;
    for (const YamlEntry& entry : node->entries) {
      if (!CheckName(entry.key, texts)) continue;
      if (entry.value.kind != YamlNode::Kind::kScalar &&
          entry.value.kind != YamlNode::Kind::kNull) {
        diagnostics_.Add(entry.value.place,
                         fmt::format("{} \"{}\": expected a text", Word(texts), entry.key.text));
      } else if (!read.emplace(entry.key.text, entry.value.text).second) {
        diagnostics_.Add(entry.key.place, fmt::format("duplicate key \"{}\"", entry.key.text));
      } else {
        CheckValue(entry, texts, templates);
      }
    }
    return {read.begin(), read.end()};
  }

  static std::string_view Word(Texts texts) {
    return texts == Texts::kLabels ? "label" : "annotation";
  }

  bool CheckName(const YamlNode& name, Texts texts) {
    const bool reserved = texts == Texts::kLabels && name.text == kMetricNameLabel;
    if (name.kind == YamlNode::Kind::kScalar && IsUtf8Name(name.text) && !reserved) return true;
    diagnostics_.Add(name.place, fmt::format("invalid {} name: \"{}\"", Word(texts), name.text));
    return false;
  }

  void CheckValue(const YamlEntry& entry, Texts texts, bool templates) {
    const std::string_view name = entry.key.text;
    if (texts == Texts::kLabels && !IsUtf8(entry.value.text)) {
      diagnostics_.Add(entry.value.place, fmt::format("label \"{}\": not UTF-8 text", name));
    } else if (templates) {
      const Status checked = CheckRuleTemplate(entry.value.text);
      if (checked) return;
      diagnostics_.Add(entry.value.place,
                       fmt::format("{} \"{}\": {}", Word(texts), name, checked.error().message));
    }
  }

  std::string_view text_;
  const std::string& file_;
  const RuleFileOptions& options_;
  Diagnostics& diagnostics_;
  std::set<std::string> names_;
};

// --- Files
// -----------------------------------------------------------------------------------------

struct GlobResult : glob_t {
  GlobResult() : glob_t{} {}
  ~GlobResult() { globfree(this); }
  GlobResult(const GlobResult&) = delete;
  GlobResult& operator=(const GlobResult&) = delete;
};

bool IsGlob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

/// Adds what a file says, or what is wrong with it to `mistakes`.
void LoadFile(const std::string& file, const RuleFileOptions& options, LoadedRules& loaded,
              std::vector<std::string>& mistakes) {
  const Result<std::string> text = ReadFile(file);
  if (!text) {
    mistakes.push_back(text.error().message);
    return;
  }
  Diagnostics diagnostics(file);
  std::vector<RuleGroup> groups = ParseRuleFile(*text, file, options, diagnostics, loaded.warnings);
  std::move(groups.begin(), groups.end(), std::back_inserter(loaded.groups));
  loaded.files.push_back(file);
  if (!diagnostics.empty()) mistakes.push_back(diagnostics.Text());
}

}  // namespace

bool Rule::SaysTheSameAs(const Rule& other) const {
  const auto all = [](const Rule& rule) {
    return std::tie(rule.kind, rule.name, rule.expr, rule.hold, rule.keep_firing_for, rule.labels,
                    rule.annotations);
  };
  return all(*this) == all(other);
}

bool RuleGroup::SaysTheSameAs(const RuleGroup& other) const {
  const auto all = [](const RuleGroup& group) {
    return std::tie(group.file, group.name, group.interval, group.query_offset, group.limit);
  };
  return all(*this) == all(other) &&
         std::equal(rules.begin(), rules.end(), other.rules.begin(), other.rules.end(),
                    [](const Rule& a, const Rule& b) { return a.SaysTheSameAs(b); });
}

std::vector<RuleGroup> ParseRuleFile(std::string_view text, const std::string& file,
                                     const RuleFileOptions& options, Diagnostics& diagnostics,
                                     std::vector<std::string>& warnings) {
  std::optional<YamlPlace> second;
  const std::optional<YamlNode> root = ParseFirstYaml(text, diagnostics, second);
  if (!root) return {};
  if (second) {
    warnings.push_back(fmt::format("{}:{}:{}: only the first YAML document of a file counts",
                                   diagnostics.file(), second->line, second->column));
  }
  return Reader(text, file, options, diagnostics).Read(*root);
}

Result<std::vector<std::string>> FindRuleFiles(const std::filesystem::path& pattern) {
  if (!IsGlob(pattern.native())) return std::vector<std::string>{pattern.string()};
  GlobResult found;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the locale or the environment.
  const int problem = glob(pattern.c_str(), GLOB_PERIOD | GLOB_NOSORT, nullptr, &found);
  if (problem == GLOB_NOMATCH) return std::vector<std::string>();
  if (problem != 0) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("{}: cannot look for files", pattern.string())};
  }
  std::vector<std::string> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    const std::filesystem::path path = found.gl_pathv[i];
    const bool is_dots = path.filename() == "." || path.filename() == "..";
    if (!is_dots) files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<LoadedRules> LoadRuleFiles(const std::vector<std::string>& patterns,
                                  const std::filesystem::path& folder,
                                  const RuleFileOptions& options) {
  LoadedRules loaded;
  std::vector<std::string> mistakes;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    const auto files = FindRuleFiles((folder / pattern).lexically_normal());
    if (!files) {
      mistakes.push_back(files.error().message);
      continue;
    }
    if (files->empty()) {
      loaded.warnings.push_back(fmt::format("rule_files: no file matches \"{}\"", pattern));
    }
    for (const std::string& file : *files) {
      if (seen.insert(file).second) LoadFile(file, options, loaded, mistakes);
    }
  }
  if (mistakes.empty()) return loaded;
  return Error{ErrorCode::kInvalidInput, fmt::format("{}", fmt::join(mistakes, "\n"))};
}

}  // namespace tocsin
