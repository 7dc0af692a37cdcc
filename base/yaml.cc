#include "base/yaml.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/duration.h"

namespace tocsin {
namespace {

constexpr int kDeepestNesting = 64;
constexpr std::size_t kMostNodes = 1'000'000;

YamlPlace PlaceOf(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
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
    if (depth > kDeepestNesting) return Refuse(to, "nested too deeply (more than 64 levels)");
    if (++nodes_ > kMostNodes) return Refuse(to, "too large (more than a million values)");
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return true;
      case YAML::NodeType::Scalar:
        to.kind = YamlNode::Kind::kScalar;
        to.text = from.Scalar();
        to.quoted = from.Tag() == "!";
        return true;
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
    return true;
  }

  bool Refuse(const YamlNode& node, std::string message) {
    diagnostics_.Add(node.place, std::move(message));
    return false;
  }

  Diagnostics& diagnostics_;
  std::size_t nodes_ = 0;
};

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

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
  found_.insert(later, {place, std::move(message)});
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

std::optional<YamlNode> ParseYaml(std::string_view text, Diagnostics& diagnostics) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return YamlNode{};
    if (documents.size() > 1) {
      diagnostics.Add(PlaceOf(documents[1].Mark()), "expected one YAML document, found a second");
      return std::nullopt;
    }
    return Converter(diagnostics).Convert(documents.front());
  } catch (const YAML::Exception& problem) {  // yaml-cpp throws; nothing of ours does.
    diagnostics.Add(PlaceOf(problem.mark), "not YAML: " + problem.msg);
    return std::nullopt;
  }
}

std::optional<std::string_view> NearestWord(std::string_view word,
                                            const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> nearest;
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;  // A third may differ.
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

YamlMap::YamlMap(const YamlNode& node, Diagnostics& diagnostics)
    : node_(node), diagnostics_(diagnostics) {
  if (node.kind == YamlNode::Kind::kScalar || node.kind == YamlNode::Kind::kList) {
    diagnostics.Add(node.place, fmt::format("expected a map of options, got {}", KindInWords(node)));
  }
}

YamlMap::~YamlMap() {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  std::set<std::string_view> seen;
  for (const YamlEntry& entry : node_.entries) {
    const std::string& key = entry.key.text;
    if (entry.key.kind != YamlNode::Kind::kScalar) {
      diagnostics_.Add(entry.key.place, "expected a word as key");
    } else if (!seen.insert(key).second) {
      diagnostics_.Add(entry.key.place, fmt::format("duplicate key \"{}\"", key));
    } else if (std::find(known.begin(), known.end(), key) == known.end()) {
      const auto nearest = NearestWord(key, known);
      diagnostics_.Add(entry.key.place,
                       nearest ? fmt::format("unknown key \"{}\" (did you mean \"{}\"?)", key, *nearest)
                               : fmt::format("unknown key \"{}\" (known here: {})", key,
                                             fmt::join(known, ", ")));
    }
  }
}

YamlPlace YamlMap::PlaceOf(std::string_view key) const {
  const YamlNode* const value = node_.Find(key);
  return value == nullptr ? node_.place : value->place;
}

bool YamlMap::Has(std::string_view key) const {
  const YamlNode* const value = node_.Find(key);
  return value != nullptr && value->kind != YamlNode::Kind::kNull;
}

const YamlNode* YamlMap::Ask(std::string_view key) {
  asked_.emplace_back(key);
  const YamlNode* const value = node_.Find(key);
  return value == nullptr || value->kind == YamlNode::Kind::kNull ? nullptr : value;
}

const YamlNode* YamlMap::AskScalar(std::string_view key, std::string_view expected) {
  const YamlNode* const value = Ask(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kScalar) return value;
  diagnostics_.Add(value->place, fmt::format("{}: expected {}, got {}", key, expected,
                                             KindInWords(*value)));
  return nullptr;
}

std::string YamlMap::StringOr(std::string_view key, std::string_view otherwise) {
  const YamlNode* const value = AskScalar(key, "a text");
  return value == nullptr ? std::string(otherwise) : value->text;
}

std::string YamlMap::RequiredString(std::string_view key) {
  std::string text = StringOr(key, "");
  if (text.empty()) diagnostics_.Add(PlaceOf(key), fmt::format("\"{}\" is required", key));
  return text;
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
    diagnostics_.Add(value->place, fmt::format("{}: expected a whole number from {} to {}, got \"{}\"",
                                               key, least, most, value->text));
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
    asked_.emplace_back(key);
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

SecretSource YamlMap::SecretOf(std::string_view key) {
  const std::string file_key = std::string(key) + "_file";
  std::string text = StringOr(key, "");
  std::filesystem::path file = StringOr(file_key, "");
  if (!text.empty() && !file.empty()) {
    Refuse(file_key, fmt::format("expected either \"{}\" or \"{}\", got both", key, file_key));
  }
  if (file.empty()) return SecretSource::Inline(Secret(std::move(text)));
  if (file.is_relative()) file = std::filesystem::path(diagnostics_.file()).parent_path() / file;
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
  diagnostics_.Add(value->place, fmt::format("{}: expected a list, got {}", key, KindInWords(*value)));
  return kNone;
}

void YamlMap::Refuse(std::string_view key, std::string message) {
  diagnostics_.Add(PlaceOf(key), fmt::format("{}: {}", key, message));
}

}  // namespace tocsin
