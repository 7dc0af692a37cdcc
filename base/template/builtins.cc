#include "base/template/builtins.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/template/printing.h"
#include "base/template/unicode.h"

namespace tocsin::text_template {
namespace {

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidInput, std::move(message)};
}

// Comparison.

/// Kinds that can be compared are the same after this: a duration is an integer.
Kind BasicKind(const Value& value) {
  constexpr std::array kBasic = {Kind::kBool, Kind::kInt, Kind::kFloat, Kind::kString};
  const Kind kind = value.kind();
  if (kind == Kind::kDuration) return Kind::kInt;
  return std::find(kBasic.begin(), kBasic.end(), kind) == kBasic.end() ? Kind::kNil : kind;
}

std::int64_t IntegerOf(const Value& value) {
  return value.kind() == Kind::kDuration ? value.duration().count() : value.integer();
}

Error Incompatible(const Value& a, const Value& b) {
  return Invalid(
      fmt::format("incompatible types for comparison: {} and {}", a.TypeName(), b.TypeName()));
}

/// Of values that are of no basic kind.
Result<bool> OthersEqual(const Value& a, const Value& b) {
  if (a.is_nil() || b.is_nil()) return a.is_nil() && b.is_nil();
  if (a.kind() == Kind::kTime && b.kind() == Kind::kTime) return a.time() == b.time();
  std::string text;
  AppendValue(text, b);
  return Invalid(fmt::format("non-comparable type {}: {}", text, b.TypeName()));
}

Result<bool> AreEqual(const Value& a, const Value& b) {
  const Kind kind = BasicKind(a);
  if (kind != BasicKind(b)) {
    if (a.is_nil() || b.is_nil()) return false;
    return Incompatible(a, b);
  }
  if (kind == Kind::kBool) return a.boolean() == b.boolean();
  if (kind == Kind::kInt) return IntegerOf(a) == IntegerOf(b);
  if (kind == Kind::kFloat) return a.number() == b.number();
  if (kind == Kind::kString) return a.text() == b.text();
  return OthersEqual(a, b);
}

Result<bool> IsLess(const Value& a, const Value& b) {
  const Kind kind = BasicKind(a);
  const bool has_order = kind != Kind::kNil && BasicKind(b) != Kind::kNil;
  if (!has_order) return Invalid("invalid type for comparison");
  if (kind != BasicKind(b)) return Incompatible(a, b);
  if (kind == Kind::kInt) return IntegerOf(a) < IntegerOf(b);
  if (kind == Kind::kFloat) return a.number() < b.number();
  if (kind == Kind::kString) return a.text() < b.text();
  return Invalid("invalid type for comparison");
}

Result<bool> IsLessOrEqual(const Value& a, const Value& b) {
  Result<bool> is_less = IsLess(a, b);
  if (!is_less || *is_less) return is_less;
  return AreEqual(a, b);
}

/// Whether the first argument equals one of the others.
Result<Value> Equal(Arguments arguments) {
  if (arguments.size() < 2) return Invalid("missing argument for comparison");
  for (const Value& other : arguments.subspan(1)) {
    const Result<bool> is_equal = AreEqual(arguments[0], other);
    if (!is_equal) return is_equal.error();
    if (*is_equal) return Value(true);
  }
  return Value(false);
}

/// A function of two values out of a comparison, or its opposite.
Function Comparison(Result<bool> (*compare)(const Value&, const Value&), bool is_opposite) {
  return {{kAnything, kAnything}, false, [=](Arguments arguments) -> Result<Value> {
            const Result<bool> result = compare(arguments[0], arguments[1]);
            if (!result) return result.error();
            return Value(*result != is_opposite);
          }};
}

// Lists, maps and texts.

Result<std::size_t> IndexOf(const Value& index, std::size_t most) {
  if (index.is_nil()) return Invalid("cannot index slice/array with nil");
  if (BasicKind(index) != Kind::kInt) {
    return Invalid(fmt::format("cannot index slice/array with type {}", index.TypeName()));
  }
  const std::int64_t position = IntegerOf(index);
  if (position < 0 || position > static_cast<std::int64_t>(most)) {
    return Invalid(fmt::format("index out of range: {}", position));
  }
  return static_cast<std::size_t>(position);
}

Result<Value> IndexOnce(const Value& item, const Value& index) {
  if (item.kind() == Kind::kMap) {
    if (index.is_nil()) return Invalid("value is nil; should be of type string");
    if (index.kind() != Kind::kString) {
      return Invalid(fmt::format("value has type {}; should be string", index.TypeName()));
    }
    return item.GetOrZero(index.text());
  }
  const bool is_text = item.kind() == Kind::kString;
  if (item.is_nil()) return Invalid("index of nil pointer");
  if (!is_text && item.kind() != Kind::kList) {
    return Invalid(fmt::format("can't index item of type {}", item.TypeName()));
  }
  const Result<std::size_t> position = IndexOf(index, item.size());
  if (!position) return position.error();
  if (*position == item.size()) {
    return Invalid(is_text ? "reflect: string index out of range"
                           : "reflect: slice index out of range");
  }
  if (!is_text) return item.items()[*position];
  return Value(static_cast<std::int64_t>(static_cast<unsigned char>(item.text()[*position])));
}

Result<Value> Index(Arguments arguments) {
  if (arguments[0].is_nil()) return Invalid("index of untyped nil");
  Value item = arguments[0];
  for (const Value& index : arguments.subspan(1)) {
    Result<Value> inner = IndexOnce(item, index);
    if (!inner) return inner;
    item = *std::move(inner);
  }
  return item;
}

Result<Value> Slice(Arguments arguments) {
  const Value& item = arguments[0];
  const Arguments indexes = arguments.subspan(1);
  const bool is_text = item.kind() == Kind::kString;
  if (item.is_nil()) return Invalid("slice of untyped nil");
  if (indexes.size() > 3) return Invalid(fmt::format("too many slice indexes: {}", indexes.size()));
  if (is_text && indexes.size() == 3) return Invalid("cannot 3-index slice a string");
  if (!is_text && item.kind() != Kind::kList) {
    return Invalid(fmt::format("can't slice item of type {}", item.TypeName()));
  }
  std::array<std::size_t, 3> bounds = {0, item.size(), item.size()};
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const Result<std::size_t> bound = IndexOf(indexes[i], item.size());
    if (!bound) return bound.error();
    bounds[i] = *bound;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (bounds[i] <= bounds[i + 1]) continue;
    return Invalid(fmt::format("invalid slice index: {} > {}", bounds[i], bounds[i + 1]));
  }
  if (is_text) return Value(item.text().substr(bounds[0], bounds[1] - bounds[0]));
  const auto begin = item.items().begin();
  return Value::OfList(Value::List(begin + static_cast<std::ptrdiff_t>(bounds[0]),
                                   begin + static_cast<std::ptrdiff_t>(bounds[1])));
}

Result<Value> Length(Arguments arguments) {
  const Value& item = arguments[0];
  if (item.is_nil()) return Invalid("len of nil pointer");
  const bool is_countable =
      item.kind() == Kind::kString || item.kind() == Kind::kList || item.kind() == Kind::kMap;
  if (!is_countable) return Invalid(fmt::format("len of type {}", item.TypeName()));
  return Value(static_cast<std::int64_t>(item.size()));
}

Result<Value> Call(Arguments arguments) {
  if (arguments[0].is_nil()) return Invalid("call of nil");
  return Invalid(fmt::format("non-function of type {}", arguments[0].TypeName()));
}

// Texts.

/// What the escaping functions escape: their one text, or what `print` makes of their arguments.
std::string Joined(Arguments arguments) {
  if (arguments.size() == 1 && arguments[0].kind() == Kind::kString) return arguments[0].text();
  Value::List printable(arguments.begin(), arguments.end());
  for (Value& value : printable) {
    if (value.is_nil()) value = "<no value>";
  }
  return Print(printable);
}

std::string HtmlEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0': out += "\xef\xbf\xbd"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

/// Whether Go prints the character as it is, which Quoted() knows.
bool IsPrintable(std::string_view character) {
  const Value value(character);
  return PrintFormatted("%q", {&value, 1}).size() == character.size() + 2;
}

std::string ScriptEscaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const std::string_view bytes = text.substr(0, character.size);
    text.remove_prefix(character.size);
    const char32_t code = character.code;
    const bool is_special = code < ' ' || (code < 0x80 && std::string_view("<>&=").find(bytes[0]) !=
                                                              std::string_view::npos);
    if (code == '\\' || code == '\'' || code == '"') {
      out += '\\';
      out += bytes;
    } else if (is_special || (code >= 0x80 && !IsPrintable(bytes))) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(code));
    } else {
      out += bytes;
    }
  }
  return out;
}

Function Escape(std::string (*escape)(std::string_view)) {
  return {{kAnything}, true, [=](Arguments arguments) -> Result<Value> {
            return Value(escape(Joined(arguments)));
          }};
}

Result<Value> PrintFunction(Arguments arguments) {
  return Value(Print(arguments));
}

Result<Value> PrintLineFunction(Arguments arguments) {
  return Value(PrintLine(arguments));
}

Result<Value> PrintFormattedFunction(Arguments arguments) {
  return Value(PrintFormatted(arguments[0].text(), arguments.subspan(1)));
}

Result<Value> Not(Arguments arguments) {
  return Value(!arguments[0].IsTrue());
}

Functions MakeBuiltins() {
  Functions functions;
  functions.Add("call", {{kAnything, kAnything}, true, Call})
      .Add("eq", {{kAnything, kAnything}, true, Equal})
      .Add("ge", Comparison(IsLess, true))
      .Add("gt", Comparison(IsLessOrEqual, true))
      .Add("html", Escape(HtmlEscaped))
      .Add("index", {{kAnything, kAnything}, true, Index})
      .Add("js", Escape(ScriptEscaped))
      .Add("le", Comparison(IsLessOrEqual, false))
      .Add("len", {{kAnything}, false, Length})
      .Add("lt", Comparison(IsLess, false))
      .Add("ne", Comparison(AreEqual, true))
      .Add("not", {{kAnything}, false, Not})
      .Add("print", {{kAnything}, true, PrintFunction})
      .Add("printf", {{Kind::kString, kAnything}, true, PrintFormattedFunction})
      .Add("println", {{kAnything}, true, PrintLineFunction})
      .Add("slice", {{kAnything, kAnything}, true, Slice})
      .Add("urlquery", Escape(QueryEscaped));
  return functions;
}

}  // namespace

const Functions& Builtins() {
  static const Functions kBuiltins = MakeBuiltins();
  return kBuiltins;
}

bool IsEngineFunction(std::string_view name) {
  return name == "and" || name == "or" || name == "tmpl";
}

std::string QueryEscaped(std::string_view text) {
  constexpr std::string_view kPlain = "-_.~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (IsLetterOrDigit(byte) || kPlain.find(c) != std::string_view::npos)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xfU];
    }
  }
  return out;
}

}  // namespace tocsin::text_template
