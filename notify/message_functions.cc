#include "notify/message_functions.h"

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <date/tz.h>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/template/printing.h"
#include "base/template/rule_functions.h"
#include "base/template/time_text.h"

namespace tocsin::notify {
namespace {

using text_template::Arguments;
using text_template::Function;
using text_template::Functions;
using text_template::kAnything;
using text_template::Kind;
using text_template::Value;

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

std::string TextOf(const Value& value) {
  if (value.kind() == Kind::kString) return value.text();
  std::string text;
  text_template::AppendValue(text, value);
  return text;
}

Result<Value> Join(Arguments arguments) {
  const std::string& separator = arguments[0].text();
  std::string joined;
  for (const Value& item : arguments[1].items()) {
    if (&item != arguments[1].items().data()) joined += separator;
    joined += TextOf(item);
    if (joined.size() > text_template::kMaxTextBytes) return Invalid("the text is too long");
  }
  return Value(std::move(joined));
}

Result<Value> TrimSpace(Arguments arguments) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::string& text = arguments[0].text();
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return Value("");
  return Value(text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin));
}

Result<Value> ListOf(Arguments arguments) {
  return Value::OfList(Value::List(arguments.begin(), arguments.end()));
}

Result<Value> Append(Arguments arguments) {
  Value::List items = arguments[0].items();
  items.insert(items.end(), arguments.begin() + 1, arguments.end());
  return Value::OfList(std::move(items));
}

Result<Value> Dict(Arguments arguments) {
  if (arguments.size() % 2 != 0) return Invalid("dict expects keys and values in pairs");
  Value::Entries entries;
  entries.reserve(arguments.size() / 2);
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    entries.emplace_back(TextOf(arguments[i]), arguments[i + 1]);
  }
  return Value::OfMap(std::move(entries));
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// Source: Go's url.QueryUnescape.
Result<Value> UrlUnescape(Arguments arguments) {
  const std::string& text = arguments[0].text();
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low) {
      return Invalid(fmt::format("invalid URL escape \"{}\"", text.substr(i, 3)));
    }
    plain += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return Value(std::move(plain));
}

Result<Value> Date(Arguments arguments) {
  return Value(text_template::FormatTime(arguments[1].time(), arguments[0].text()));
}

/// Values have no zone: the time is moved so that it shows what clocks there show.
Result<Value> InZone(Arguments arguments) {
  const TimePoint time = arguments[1].time();
  try {
    const date::time_zone* const zone = date::locate_zone(arguments[0].text());
    return Value(
        TimePoint(std::chrono::duration_cast<Duration>(zone->to_local(time).time_since_epoch())));
  } catch (const std::exception&) {
    return Invalid("unknown time zone " + arguments[0].text());
  }
}

void AppendJson(JsonWriter& json, const Value& value) {
  switch (value.kind()) {
    case Kind::kNil: json.Raw("null"); return;
    case Kind::kBool: json.Bool(value.boolean()); return;
    case Kind::kInt: json.Integer(value.integer()); return;
    case Kind::kFloat: json.Number(value.number()); return;
    case Kind::kString: json.String(value.text()); return;
    case Kind::kTime: json.String(FormatRfc3339(value.time())); return;
    case Kind::kDuration: json.Integer(value.duration().count()); return;
    case Kind::kList:
      json.BeginArray();
      for (const Value& item : value.items()) AppendJson(json, item);
      json.EndArray();
      return;
    case Kind::kMap:
    case Kind::kRecord:
      json.BeginObject();
      for (const auto& [key, item] : value.entries()) AppendJson(json.Key(key), item);
      json.EndObject();
      return;
  }
}

Result<Value> ToJsonText(Arguments arguments) {
  std::string text;
  JsonWriter json(text);
  AppendJson(json, arguments[0]);
  return Value(std::move(text));
}

Result<Value> Same(Arguments arguments) {
  return arguments[0];
}

Functions MakeTimelessFunctions() {
  Functions functions(&text_template::CommonFunctions());
  functions.Add("append", {{Kind::kList, kAnything}, true, Append})
      .Add("date", {{Kind::kString, Kind::kTime}, false, Date})
      .Add("dict", {{kAnything}, true, Dict})
      .Add("join", {{Kind::kString, Kind::kList}, false, Join})
      .Add("list", {{kAnything}, true, ListOf})
      .Add("safeUrl", {{Kind::kString}, false, Same})
      .Add("stringSlice", {{Kind::kString}, true, ListOf})
      .Add("toJson", {{kAnything}, false, ToJsonText})
      .Add("trimSpace", {{Kind::kString}, false, TrimSpace})
      .Add("tz", {{Kind::kString, Kind::kTime}, false, InZone})
      .Add("urlUnescape", {{Kind::kString}, false, UrlUnescape});
  return functions;
}

}  // namespace

Functions MessageFunctions(TimePoint now) {
  static const Functions kTimeless = MakeTimelessFunctions();
  Functions functions(&kTimeless);
  functions.Add("now", {{}, false, [now](Arguments) -> Result<Value> { return Value(now); }})
      .Add("since", {{Kind::kTime}, false, [now](Arguments arguments) -> Result<Value> {
                       return Value(std::chrono::nanoseconds(now - arguments[0].time()));
                     }});
  return functions;
}

}  // namespace tocsin::notify
