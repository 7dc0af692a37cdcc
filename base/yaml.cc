#include "base/yaml.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/duration.h"
#include "base/nearest_word.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

constexpr int kDeepestNesting = 64;
constexpr const char* kTooDeep = "nested too deeply (more than 64 levels)";
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kMostText = 64UL << 20;
constexpr std::string_view kYamlTags = "tag:yaml.org,2002:";

YamlPlace PlaceOf(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

/// "" or "?" for a plain scalar, list or map; "!" for a quoted scalar; else as written, in full.
bool IsOwnTag(std::string_view tag) {
  return tag.empty() || tag == "?" || tag == "!" || tag.starts_with(kYamlTags);
}

bool IsMergeKey(const YamlNode& key) {
  return key.kind == YamlNode::Kind::kScalar && !key.quoted && key.text == "<<";
}

bool IsMap(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kMap;
}

/// A map, or a list of maps.
bool CanBeMerged(const YamlNode& node) {
  return IsMap(node) || (node.kind == YamlNode::Kind::kList &&
                         std::all_of(node.items.begin(), node.items.end(), &IsMap));
}

/// Replaces the merge keys of `map` by the entries they bring, where the map has none of its own;
/// of a list of maps, earlier ones win. Source: yaml.org/type/merge.html.
void Merge(YamlNode& map) {
  std::vector<YamlEntry> merged;
  const auto take = [&](YamlNode& from) {
    for (YamlEntry& brought : from.entries) merged.push_back(std::move(brought));
  };
  for (YamlEntry& entry : map.entries) {
    if (!IsMergeKey(entry.key) || !CanBeMerged(entry.value)) continue;
    take(entry.value);
    for (YamlNode& item : entry.value.items) take(item);
    entry.value.kind = YamlNode::Kind::kNull;
  }
  std::erase_if(map.entries, [](const YamlEntry& entry) {
    return IsMergeKey(entry.key) && entry.value.kind == YamlNode::Kind::kNull;
  });
  for (YamlEntry& entry : merged) {
    if (map.Find(entry.key.text) == nullptr) map.entries.push_back(std::move(entry));
  }
}

/// Notes where a document begins, and nothing of what is in it.
class DocumentStart : public YAML::EventHandler {
 public:
  /// Of the last one.
  const std::optional<YamlPlace>& place() const { return place_; }
  void Forget() { place_.reset(); }

  void OnDocumentStart(const YAML::Mark& mark) override { place_ = PlaceOf(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  std::optional<YamlPlace> place_;
};

/// Where a second document begins, if there is one; it need not be well-formed.
/// YAML::LoadAll() cannot tell: given "---\n," it finds empty documents for ever, since its parser
/// does not get past the comma.
std::optional<YamlPlace> FindSecondDocument(std::string_view text) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  DocumentStart document;
  if (!parser.HandleNextDocument(document)) return std::nullopt;
  document.Forget();
  try {
    parser.HandleNextDocument(document);
  } catch (const YAML::ParserException&) {
    // It has begun all the same, or the text is no YAML anyway.
    if (!document.place()) throw;
  }
  return document.place();
}

/// Turns yaml-cpp's tree into ours, within limits.
class Converter {
 public:
  explicit Converter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  std::optional<YamlNode> Convert(const YAML::Node& from) {
    YamlNode root;
    if (!ConvertInto(from, root, 0)) return std::nullopt;
    return root;
  }

 private:
  bool ConvertInto(const YAML::Node& from, YamlNode& to, int depth) {
    to.place = PlaceOf(from.Mark());
    if (depth > kDeepestNesting) return Refuse(to, kTooDeep);
    if (++nodes_ > kMostNodes) return Refuse(to, "too large (more than a million values)");
    if (!IsOwnTag(from.Tag())) return Refuse(to, "tags are not supported: " + from.Tag());
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return true;
      case YAML::NodeType::Scalar: return ConvertScalar(from, to);
      case YAML::NodeType::Sequence:
        to.kind = YamlNode::Kind::kList;
        for (const YAML::Node& item : from) {
          if (!ConvertInto(item, to.items.emplace_back(), depth + 1)) return false;
        }
        return true;
      case YAML::NodeType::Map: break;
    }
    to.kind = YamlNode::Kind::kMap;
    for (const auto& entry : from) {
      YamlEntry& made = to.entries.emplace_back();
      if (!ConvertInto(entry.first, made.key, depth + 1)) return false;
      if (!ConvertInto(entry.second, made.value, depth + 1)) return false;
    }
    Merge(to);
    return true;
  }

  bool ConvertScalar(const YAML::Node& from, YamlNode& to) {
    text_bytes_ += from.Scalar().size();
    if (text_bytes_ > kMostText) return Refuse(to, "too large (more than 64 MiB of text)");
    to.kind = YamlNode::Kind::kScalar;
    to.text = from.Scalar();
    to.quoted = from.Tag() == "!" || from.Tag() == std::string(kYamlTags) + "str";
    return true;
  }

  bool Refuse(const YamlNode& node, std::string message) {
    diagnostics_.Add(node.place, std::move(message));
    return false;
  }

  Diagnostics& diagnostics_;
  std::size_t nodes_ = 0;
  std::size_t text_bytes_ = 0;
};

std::string_view KindInWords(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "a single value";
    case YamlNode::Kind::kList: return "a list";
    case YamlNode::Kind::kMap: break;
  }
  return "a map";
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const YamlEntry& entry) {
    return entry.key.kind == Kind::kScalar && entry.key.text == key;
  });
  return found == entries.end() ? nullptr : &found->value;
}

void Diagnostics::Add(YamlPlace place, std::string message) {
  const auto later = std::find_if(found_.begin(), found_.end(), [&](const Found& found) {
    return std::pair(found.place.line, found.place.column) > std::pair(place.line, place.column);
  });
  found_.insert(later, {place, scope_.empty() ? std::move(message) : scope_ + ": " + message});
}

std::string Diagnostics::Text() const {
  std::string text;
  for (const auto& [place, message] : found_) {
    if (!text.empty()) text += '\n';
    text += fmt::format("{}:{}:{}: {}", file_, place.line, place.column, message);
  }
  return text;
}

Status Diagnostics::ToStatus() const {
  if (found_.empty()) return {};
  return Error{ErrorCode::kInvalidInput, Text()};
}

DiagnosticsScope::DiagnosticsScope(Diagnostics& diagnostics, std::string_view what)
    : diagnostics_(diagnostics), outer_(diagnostics.scope_) {
  if (!diagnostics_.scope_.empty()) diagnostics_.scope_ += ", ";
  diagnostics_.scope_ += what;
}

DiagnosticsScope::~DiagnosticsScope() {
  diagnostics_.scope_ = std::move(outer_);
}

std::optional<YamlNode> ParseYaml(std::string_view text, Diagnostics& diagnostics) {
  std::optional<YamlPlace> second;
  std::optional<YamlNode> root = ParseFirstYaml(text, diagnostics, second);
  if (!second) return root;
  diagnostics.Add(*second, "expected one YAML document, found a second");
  return std::nullopt;
}

std::optional<YamlNode> ParseFirstYaml(std::string_view text, Diagnostics& diagnostics,
                                       std::optional<YamlPlace>& second) {
  second.reset();
  if (!IsUtf8(text)) {  // yaml-cpp would replace what it cannot read, and guess at UTF-16.
    diagnostics.Add({}, "not UTF-8 text");
    return std::nullopt;
  }
  try {
    second = FindSecondDocument(text);
    return Converter(diagnostics).Convert(YAML::Load(std::string(text)));
  } catch (const YAML::DeepRecursion& problem) {  // Beyond yaml-cpp's own limit, of 500 levels.
    diagnostics.Add(PlaceOf(problem.mark), kTooDeep);
    return std::nullopt;
  } catch (const YAML::Exception& problem) {  // yaml-cpp throws; nothing of ours does.
    diagnostics.Add(PlaceOf(problem.mark), "not YAML: " + problem.msg);
    return std::nullopt;
  }
}

YamlMap::YamlMap(const YamlNode& node, Diagnostics& diagnostics)
    : node_(node), diagnostics_(diagnostics) {
  if (node.kind == YamlNode::Kind::kScalar || node.kind == YamlNode::Kind::kList) {
    diagnostics.Add(node.place,
                    fmt::format("expected a map of options, got {}", KindInWords(node)));
  }
}

YamlMap::~YamlMap() {
  std::set<std::string_view> seen;
  for (const auto& [key, value] : node_.entries) {
    if (key.kind != YamlNode::Kind::kScalar) {
      diagnostics_.Add(key.place, "expected a word as key");
    } else if (!seen.insert(key.text).second) {
      diagnostics_.Add(key.place, fmt::format("duplicate key \"{}\"", key.text));
    } else if (!ignore_others_) {
      ReportUnknown(key);
    }
  }
}

void YamlMap::ReportUnknown(const YamlNode& key) const {
  const auto is_in = [&](const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), key.text) != words.end();
  };
  if (is_in(asked_) || is_in(reserved_)) return;
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  const auto nearest = NearestWord(key.text, known);
  diagnostics_.Add(key.place, nearest ? fmt::format("unknown key \"{}\" (did you mean \"{}\"?)",
                                                    key.text, *nearest)
                                      : fmt::format("unknown key \"{}\" (known here: {})", key.text,
                                                    fmt::join(known, ", ")));
}

YamlPlace YamlMap::PlaceOf(std::string_view key) const {
  const YamlNode* const value = node_.Find(key);
  return value == nullptr ? node_.place : value->place;
}

bool YamlMap::Has(std::string_view key) const {
  const YamlNode* const value = node_.Find(key);
  return value != nullptr && value->kind != YamlNode::Kind::kNull;
}

void YamlMap::NoteAsked(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
}

const YamlNode* YamlMap::Ask(std::string_view key) {
  NoteAsked(key);
  const YamlNode* const value = node_.Find(key);
  return value == nullptr || value->kind == YamlNode::Kind::kNull ? nullptr : value;
}

const YamlNode* YamlMap::AskScalar(std::string_view key, std::string_view expected) {
  const YamlNode* const value = Ask(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kScalar) return value;
  diagnostics_.Add(value->place,
                   fmt::format("{}: expected {}, got {}", key, expected, KindInWords(*value)));
  return nullptr;
}

std::string YamlMap::StringOr(std::string_view key, std::string_view otherwise) {
  const YamlNode* const value = AskScalar(key, "a text");
  return value == nullptr ? std::string(otherwise) : value->text;
}

std::string YamlMap::RequiredString(std::string_view key) {
  std::string text = StringOr(key, "");
  if (text.empty()) ReportMissing(key);
  return text;
}

void YamlMap::ReportMissing(std::string_view key) {
  const auto is_reported = [](const YamlNode& node, YamlNode::Kind expected) {
    return node.kind != expected && node.kind != YamlNode::Kind::kNull;
  };
  if (is_reported(node_, YamlNode::Kind::kMap)) return;
  const YamlNode* const value = node_.Find(key);
  if (value != nullptr && is_reported(*value, YamlNode::Kind::kScalar)) return;
  diagnostics_.Add(PlaceOf(key), fmt::format("\"{}\" is required", key));
}

bool YamlMap::BoolOr(std::string_view key, bool otherwise) {
  const YamlNode* const value = AskScalar(key, "true or false");
  if (value == nullptr) return otherwise;
  if (!value->quoted && (value->text == "true" || value->text == "false")) {
    return value->text == "true";
  }
  diagnostics_.Add(value->place,
                   fmt::format("{}: expected true or false, got \"{}\"", key, value->text));
  return otherwise;
}

std::int64_t YamlMap::IntegerOr(std::string_view key, std::int64_t otherwise, std::int64_t least,
                                std::int64_t most) {
  const YamlNode* const value = AskScalar(key, "a whole number");
  if (value == nullptr) return otherwise;
  std::int64_t number = 0;
  const char* const end = value->text.data() + value->text.size();
  const auto [after, problem] = std::from_chars(value->text.data(), end, number);
  if (value->quoted || problem != std::errc{} || after != end || number < least || number > most) {
    diagnostics_.Add(value->place,
                     fmt::format("{}: expected a whole number from {} to {}, got \"{}\"", key,
                                 least, most, value->text));
    return otherwise;
  }
  return number;
}

Duration YamlMap::DurationOr(std::string_view key, Duration otherwise) {
  const YamlNode* const value = AskScalar(key, "a duration");
  if (value == nullptr) return otherwise;
  const Result<Duration> parsed = ParseDuration(value->text);
  if (!parsed) {
    diagnostics_.Add(value->place, fmt::format("{}: {}", key, parsed.error().message));
    return otherwise;
  }
  return *parsed;
}

Duration YamlMap::PositiveDurationOr(std::string_view key, Duration otherwise) {
  const Duration duration = DurationOr(key, otherwise);
  if (duration > Duration{0}) return duration;
  Refuse(key, "expected a duration above 0");
  return otherwise;
}

std::vector<std::string> YamlMap::StringsOr(std::string_view key,
                                            std::vector<std::string> otherwise) {
  if (!Has(key)) {
    NoteAsked(key);
    return otherwise;
  }
  std::vector<std::string> texts;
  for (const YamlNode& item : List(key)) {
    if (item.kind == YamlNode::Kind::kScalar) {
      texts.push_back(item.text);
    } else {
      diagnostics_.Add(item.place,
                       fmt::format("{}: expected a list of texts, got {}", key, KindInWords(item)));
    }
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> YamlMap::StringMap(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const YamlNode* const value = Ask(key);
  if (value == nullptr) return pairs;
  if (value->kind != YamlNode::Kind::kMap) {
    diagnostics_.Add(value->place,
                     fmt::format("{}: expected a map of texts, got {}", key, KindInWords(*value)));
    return pairs;
  }
  std::set<std::string_view> seen;
  for (const YamlEntry& entry : value->entries) {
    if (entry.key.kind != YamlNode::Kind::kScalar || entry.value.kind != YamlNode::Kind::kScalar) {
      diagnostics_.Add(entry.key.place, fmt::format("{}: expected a text for each key", key));
    } else if (!seen.insert(entry.key.text).second) {
      diagnostics_.Add(entry.key.place, fmt::format("duplicate key \"{}\"", entry.key.text));
    } else {
      pairs.emplace_back(entry.key.text, entry.value.text);
    }
  }
  return pairs;
}

std::filesystem::path YamlMap::PathOf(std::string_view key) {
  std::filesystem::path path = StringOr(key, "");
  if (path.empty() || path.is_absolute()) return path;
  return std::filesystem::path(diagnostics_.file()).parent_path() / path;
}

std::filesystem::path YamlMap::RequiredPath(std::string_view key) {
  std::filesystem::path path = PathOf(key);
  if (path.empty()) ReportMissing(key);
  return path;
}

std::filesystem::path YamlMap::FileOf(std::string_view key) {
  std::filesystem::path file = PathOf(key);
  if (!file.empty() && access(file.c_str(), R_OK) != 0) {
    Refuse(key, fmt::format("cannot read {}: {}", file.string(),
                            std::generic_category().message(errno)));
  }
  return file;
}

SecretSource YamlMap::SecretOf(std::string_view key) {
  const std::string file_key = std::string(key) + "_file";
  std::string text = StringOr(key, "");
  if (!text.empty()) diagnostics_.NoteSecret(PlaceOf(key));
  std::filesystem::path file = FileOf(file_key);
  if (!text.empty() && !file.empty()) {
    Refuse(file_key, fmt::format("expected either \"{}\" or \"{}\", got both", key, file_key));
  }
  if (file.empty()) return SecretSource::Inline(Secret(std::move(text)));
  return SecretSource::File(std::move(file));
}

const YamlNode* YamlMap::Node(std::string_view key) {
  return Ask(key);
}

const std::vector<YamlNode>& YamlMap::List(std::string_view key) {
  static const std::vector<YamlNode> kNone;
  const YamlNode* const value = Ask(key);
  if (value == nullptr) return kNone;
  if (value->kind == YamlNode::Kind::kList) return value->items;
  diagnostics_.Add(value->place,
                   fmt::format("{}: expected a list, got {}", key, KindInWords(*value)));
  return kNone;
}

void YamlMap::Refuse(std::string_view key, std::string message) {
  diagnostics_.Add(PlaceOf(key), fmt::format("{}: {}", key, message));
}

void YamlMap::Reserve(std::string_view key, std::string_view why) {
  reserved_.emplace_back(key);
  for (const YamlEntry& entry : node_.entries) {
    if (entry.key.kind == YamlNode::Kind::kScalar && entry.key.text == key) {
      diagnostics_.Add(entry.key.place, fmt::format("\"{}\" {}", key, why));
    }
  }
}

}  // namespace tocsin
