// YAML files: parsed into a tree that knows its places, and read strictly.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tocsin {

/// A position in a file, counted from 1; columns in bytes.
struct YamlPlace {
  int line = 1;
  int column = 1;

  friend bool operator==(const YamlPlace&, const YamlPlace&) = default;
};

struct YamlEntry;

/// A YAML value. Aliases are resolved, and merge keys (`<<: *defaults`) are merged. Maps keep their
/// order and their duplicate keys, which the reader below reports.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  YamlPlace place;
  std::string text;             ///< Scalars.
  bool quoted = false;          ///< Scalars: 'text' or "text", so never a number, a bool or null.
  std::vector<YamlNode> items;  ///< Lists.
  std::vector<YamlEntry> entries;  ///< Maps.

  /// The value of `key` in a map, or null.
  const YamlNode* Find(std::string_view key) const;
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// The mistakes found in one file, in the order of their places, so that all can be shown at once.
class Diagnostics {
 public:
  /// `file` is the name to show.
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  /// `message` says what was expected: lower case, no full stop.
  void Add(YamlPlace place, std::string message);
  /// The value at `place` is a secret, not to be shown to anybody.
  void NoteSecret(YamlPlace place) { secrets_.push_back(place); }
  const std::vector<YamlPlace>& secrets() const { return secrets_; }

  bool empty() const { return found_.empty(); }
  std::size_t size() const { return found_.size(); }
  const std::string& file() const { return file_; }

  /// One line each, "file:line:column: message", without a newline at the end.
  std::string Text() const;
  /// Text() as an error, or success when there is nothing to say.
  Status ToStatus() const;

 private:
  friend class DiagnosticsScope;
  struct Found {
    YamlPlace place;
    std::string message;
  };
  std::string file_;
  std::string scope_;  ///< What messages begin with, see DiagnosticsScope.
  std::vector<Found> found_;
  std::vector<YamlPlace> secrets_;
};

/// While it lives, every message that is added begins with `what` and ": ", which says what part of
/// the file it is about. Scopes nest: the inner one's `what` follows the outer one's after ", ".
class DiagnosticsScope {
 public:
  DiagnosticsScope(Diagnostics& diagnostics, std::string_view what);
  ~DiagnosticsScope();
  DiagnosticsScope(const DiagnosticsScope&) = delete;
  DiagnosticsScope& operator=(const DiagnosticsScope&) = delete;

 private:
  Diagnostics& diagnostics_;
  std::string outer_;
};

/// Parses one YAML document; an empty one is a kNull node. Syntax errors, more than one document,
/// tags other than YAML's own, text that is not UTF-8, nesting beyond 64, and trees beyond a
/// million nodes or 64 MiB of text (aliases of aliases) are reported to `diagnostics`, and then the
/// answer is empty.
std::optional<YamlNode> ParseYaml(std::string_view text, Diagnostics& diagnostics);
/// The same for the first of any number of documents; `second`, if there is one, is where the next
/// begins. What is wrong after that is not looked at.
std::optional<YamlNode> ParseFirstYaml(std::string_view text, Diagnostics& diagnostics,
                                       std::optional<YamlPlace>& second);

/// Reads the keys of one map, each at most once, and reports to Diagnostics what is wrong with
/// them.
///
///     YamlMap options(node, diagnostics);
///     settings.interval = options.DurationOr("interval", settings.interval);
///     settings.name = options.RequiredString("name");
///
/// A key that is missing, or present with a null value, gives the default; one of a wrong type is
/// reported and gives the default. Keys that nobody asked for are reported when the reader goes out
/// of scope, with the nearest key that was asked for; so are duplicate keys.
/// A node that is not a map is reported at once and reads as an empty one; a null node is empty.
class YamlMap {
 public:
  YamlMap(const YamlNode& node, Diagnostics& diagnostics);
  ~YamlMap();
  YamlMap(const YamlMap&) = delete;
  YamlMap& operator=(const YamlMap&) = delete;

  /// The place of the map itself, and of a key's value (of the map, if the key is missing).
  YamlPlace place() const { return node_.place; }
  const YamlNode& node() const { return node_; }
  YamlPlace PlaceOf(std::string_view key) const;
  Diagnostics& diagnostics() const { return diagnostics_; }

  /// Whether the key is there with a value that is not null. Does not count as asking for it.
  bool Has(std::string_view key) const;

  std::string StringOr(std::string_view key, std::string_view otherwise);
  /// Missing or empty is reported; not where the map or the value was reported already.
  std::string RequiredString(std::string_view key);
  bool BoolOr(std::string_view key, bool otherwise);  ///< true or false, and no other spelling.
  std::int64_t IntegerOr(std::string_view key, std::int64_t otherwise, std::int64_t least,
                         std::int64_t most);
  Duration DurationOr(std::string_view key, Duration otherwise);  ///< Not negative.
  Duration PositiveDurationOr(std::string_view key, Duration otherwise);
  std::vector<std::string> StringsOr(std::string_view key, std::vector<std::string> otherwise);
  /// A map of strings, such as labels, in order.
  std::vector<std::pair<std::string, std::string>> StringMap(std::string_view key);
  /// A path; a relative one is relative to the folder of the YAML file, as in Prometheus. Empty if
  /// missing. Nothing need be there.
  std::filesystem::path PathOf(std::string_view key);
  std::filesystem::path RequiredPath(std::string_view key);  ///< As RequiredString().
  /// PathOf() a file that must be there and readable now; if it is not, that is reported.
  std::filesystem::path FileOf(std::string_view key);
  /// `key`, or `key`_file naming a file (see FileOf), but not both.
  SecretSource SecretOf(std::string_view key);
  /// The value as a tree, to be read further, or null if missing.
  const YamlNode* Node(std::string_view key);
  /// The items of a list; empty if missing.
  const std::vector<YamlNode>& List(std::string_view key);

  /// Reports a mistake at the value of `key`.
  void Refuse(std::string_view key, std::string message);
  /// Reports `key` if it is there: a word with a meaning to come, which `why` says. It is never
  /// suggested for another.
  void Reserve(std::string_view key, std::string_view why);
  /// Keys that nobody asked for are not reported: for maps whose keys cannot be known because of
  /// another mistake.
  void IgnoreOthers() { ignore_others_ = true; }

 private:
  void NoteAsked(std::string_view key);
  const YamlNode* Ask(std::string_view key);
  const YamlNode* AskScalar(std::string_view key, std::string_view expected);
  void ReportMissing(std::string_view key);
  void ReportUnknown(const YamlNode& key) const;

  const YamlNode& node_;
  Diagnostics& diagnostics_;
  std::vector<std::string> asked_;  ///< Each once, in the order of asking.
  std::vector<std::string> reserved_;
  bool ignore_others_ = false;
};

}  // namespace tocsin
