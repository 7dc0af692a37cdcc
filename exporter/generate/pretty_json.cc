#include "exporter/generate/pretty_json.h"

#include <algorithm>

#include <boost/json.hpp>

#include "base/json_writer.h"
#include "base/number.h"

namespace tocsin::generate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostOnOneLine = 100;

bool IsLeaf(const json::value& value) {
  return !value.is_structured() || (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

bool HasOnlyLeaves(const json::value& value) {
  if (value.is_array()) return std::ranges::all_of(value.get_array(), IsLeaf);
  return std::ranges::all_of(value.get_object(),
                             [](const auto& member) { return IsLeaf(member.value()); });
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void Print(const json::value& value, std::size_t depth) {
    if (!value.is_structured()) {
      PrintScalar(value);
      return;
    }
    const std::size_t begin = out_.size();
    const std::size_t line = out_.rfind('\n') + 1;  // 0 without one.
    if (HasOnlyLeaves(value)) {
      PrintMembers(value, depth, false);
      if (out_.size() - line <= kMostOnOneLine) return;
      out_.resize(begin);
    }
    PrintMembers(value, depth, true);
  }

 private:
  void PrintScalar(const json::value& value) {
    if (value.is_string()) {
      AppendJsonString(out_, value.get_string());
    } else if (value.is_bool()) {
      out_ += value.get_bool() ? "true" : "false";
    } else if (value.is_null()) {
      out_ += "null";
    } else {
      AppendNumber(out_, value.to_number<double>());
    }
  }

  void PrintMembers(const json::value& value, std::size_t depth, bool lines) {
    bool first = true;
    out_ += value.is_array() ? '[' : '{';
    const auto separate = [&] {
      if (!first) out_ += lines ? "," : ", ";
      first = false;
      if (lines) out_.append("\n").append(2 * (depth + 1), ' ');
    };
    if (value.is_array()) {
      for (const json::value& item : value.get_array()) {
        separate();
        Print(item, depth + 1);
      }
    } else {
      for (const auto& member : value.get_object()) {
        separate();
        AppendJsonString(out_, member.key());
        out_ += ": ";
        Print(member.value(), depth + 1);
      }
    }
    if (lines && !first) out_.append("\n").append(2 * depth, ' ');
    out_ += value.is_array() ? ']' : '}';
  }

  std::string& out_;
};

}  // namespace

std::string PrettyJson(const json::value& value) {
  std::string text;
  Printer(text).Print(value, 0);
  text += '\n';
  return text;
}

}  // namespace tocsin::generate
