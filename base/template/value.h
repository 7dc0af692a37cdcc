// What templates compute with: the values of Go's text/template, as far as rules and notifications
// need them.

#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"

namespace tocsin::text_template {

class Functions;

enum class Kind {
  kNil,
  kBool,
  kInt,
  kFloat,
  kString,
  kTime,
  kDuration,
  kList,
  kMap,
  kRecord,
};

/// The type of a list, a map or a record. Lives longer than its values: a constant.
struct Type {
  std::string_view name;  ///< As Go would say it in an error: "map[string]string".
  /// A map of texts only: what it does not have is the empty text, not nil.
  bool is_text_map = false;
  /// What can be asked of a value beside its entries: `.SortedPairs`. The value is the function's
  /// first argument. Null for nothing.
  const Functions* (*methods)() = nullptr;
};

inline constexpr Type kAnyList = {"[]interface {}"};
inline constexpr Type kAnyMap = {"map[string]interface {}"};
inline constexpr Type kTextMap = {"map[string]string", true};
inline constexpr Type kAnyRecord = {"struct"};

/// One value of any kind. Immutable; lists, maps and records are shared by their copies.
///
/// Safe for concurrent use as immutable things are.
class Value {
 public:
  using List = std::vector<Value>;
  using Entry = std::pair<std::string, Value>;
  using Entries = std::vector<Entry>;

  /// Nil, which prints as `<no value>`.
  Value() = default;
  template <std::same_as<bool> T>
  Value(T value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(TimePoint value) : data_(value) {}
  Value(std::chrono::nanoseconds value) : data_(value) {}

  static Value OfList(List items, const Type& type = kAnyList);
  /// A map from texts; of entries with the same key the first stays.
  static Value OfMap(Entries entries, const Type& type = kAnyMap);
  /// A struct: named fields in their order. Asking for another one is an error.
  static Value OfRecord(Entries fields, const Type& type = kAnyRecord);
  /// A map of texts.
  static Value OfLabels(const Labels& labels);

  Kind kind() const;
  bool is_nil() const { return kind() == Kind::kNil; }

  /// What the value holds. Asking for another kind than its own is a bug and throws.
  bool boolean() const { return std::get<bool>(data_); }
  std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  double number() const { return std::get<double>(data_); }
  const std::string& text() const { return std::get<std::string>(data_); }
  TimePoint time() const { return std::get<TimePoint>(data_); }
  std::chrono::nanoseconds duration() const { return std::get<std::chrono::nanoseconds>(data_); }
  const List& items() const { return composite().items; }
  /// Of a map, sorted by key; of a record, as given.
  const Entries& entries() const { return composite().entries; }

  /// The entry of a map or record, or null.
  const Value* Find(std::string_view key) const;
  /// What a map has for a key it may not have: nil, or "" in a map of texts.
  Value GetOrZero(std::string_view key) const;

  /// Of what can be counted: the bytes of a text, items, entries. 0 for everything else.
  std::size_t size() const;
  /// Whether `if` takes the value as true: not nil, false, 0 or empty. Records are always true.
  bool IsTrue() const;
  /// The name of its type in Go: "float64", "map[string]string"; "<nil>" for nil.
  std::string_view TypeName() const;
  /// What can be asked of it, or null.
  const Functions* methods() const;
  /// How deeply lists, maps and records are nested in it; 0 for what is none.
  std::size_t depth() const;

 private:
  struct Composite {
    Kind kind = Kind::kList;
    const Type* type = &kAnyList;
    List items = {};
    Entries entries = {};
    std::size_t depth = 0;
  };
  using Shared = std::shared_ptr<const Composite>;

  explicit Value(Shared composite) : data_(std::move(composite)) {}
  const Composite& composite() const { return *std::get<Shared>(data_); }

  std::variant<std::monostate, bool, std::int64_t, double, std::string, TimePoint,
               std::chrono::nanoseconds, Shared>
      data_;
};

/// The name of a kind in Go, where a value is expected: "string", "float64".
std::string_view KindName(Kind kind);

}  // namespace tocsin::text_template
