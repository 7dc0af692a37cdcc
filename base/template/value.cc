#include "base/template/value.h"

#include <algorithm>

#include "base/template/time_text.h"

namespace tocsin::text_template {
namespace {

bool ByKey(const Value::Entry& a, const Value::Entry& b) {
  return a.first < b.first;
}

std::size_t DepthOf(const Value::List& items, const Value::Entries& entries) {
  std::size_t depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  for (const auto& [key, value] : entries) depth = std::max(depth, value.depth());
  return depth + 1;
}

}  // namespace

Value Value::OfList(List items, const Type& type) {
  const std::size_t depth = DepthOf(items, {});
  return Value(std::make_shared<const Composite>(
      Composite{Kind::kList, &type, std::move(items), {}, depth}));
}

Value Value::OfMap(Entries entries, const Type& type) {
  std::stable_sort(entries.begin(), entries.end(), ByKey);
  const auto same_key = [](const Entry& a, const Entry& b) { return a.first == b.first; };
  entries.erase(std::unique(entries.begin(), entries.end(), same_key), entries.end());
  const std::size_t depth = DepthOf({}, entries);
  return Value(std::make_shared<const Composite>(
      Composite{Kind::kMap, &type, {}, std::move(entries), depth}));
}

Value Value::OfRecord(Entries fields, const Type& type) {
  const std::size_t depth = DepthOf({}, fields);
  return Value(std::make_shared<const Composite>(
      Composite{Kind::kRecord, &type, {}, std::move(fields), depth}));
}

Value Value::OfLabels(const Labels& labels) {
  Entries entries;
  entries.reserve(labels.size());
  for (const Label& label : labels) {
    entries.emplace_back(label.name.text(), Value(label.value.text()));
  }
  return OfMap(std::move(entries), kTextMap);
}

Kind Value::kind() const {
  constexpr Kind kKinds[] = {Kind::kNil,    Kind::kBool, Kind::kInt,     Kind::kFloat,
                             Kind::kString, Kind::kTime, Kind::kDuration};
  if (std::holds_alternative<Shared>(data_)) return composite().kind;
  return kKinds[data_.index()];
}

const Value* Value::Find(std::string_view key) const {
  const Entries& all = entries();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Entry& entry) { return entry.first == key; });
  return found == all.end() ? nullptr : &found->second;
}

Value Value::GetOrZero(std::string_view key) const {
  if (const Value* found = Find(key)) return *found;
  return composite().type->is_text_map ? Value("") : Value();
}

std::size_t Value::size() const {
  if (kind() == Kind::kString) return text().size();
  if (!std::holds_alternative<Shared>(data_)) return 0;
  return kind() == Kind::kList ? items().size() : entries().size();
}

bool Value::IsTrue() const {
  switch (kind()) {
    case Kind::kNil: return false;
    case Kind::kBool: return boolean();
    case Kind::kInt: return integer() != 0;
    case Kind::kFloat: return number() != 0;
    case Kind::kDuration: return duration().count() != 0;
    case Kind::kString:
    case Kind::kList:
    case Kind::kMap: return size() > 0;
    case Kind::kTime:
    case Kind::kRecord: return true;
  }
  return false;
}

std::string_view Value::TypeName() const {
  if (std::holds_alternative<Shared>(data_)) return composite().type->name;
  return KindName(kind());
}

const Functions* Value::methods() const {
  if (kind() == Kind::kTime) return &TimeMethods();
  if (kind() == Kind::kDuration) return &DurationMethods();
  if (!std::holds_alternative<Shared>(data_) || composite().type->methods == nullptr) {
    return nullptr;
  }
  return composite().type->methods();
}

std::size_t Value::depth() const {
  return std::holds_alternative<Shared>(data_) ? composite().depth : 0;
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNil: return "<nil>";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kFloat: return "float64";
    case Kind::kString: return "string";
    case Kind::kTime: return "time.Time";
    case Kind::kDuration: return "time.Duration";
    case Kind::kList: return kAnyList.name;
    case Kind::kMap: return kAnyMap.name;
    case Kind::kRecord: return kAnyRecord.name;
  }
  return "";
}

}  // namespace tocsin::text_template
