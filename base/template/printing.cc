#include "base/template/printing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/digits.h"
#include "base/template/time_text.h"
#include "base/template/unicode.h"

namespace tocsin::text_template {
namespace {

/// The largest width or precision.
constexpr std::int64_t kMaxWidth = 1'000'000;

/// What stands between the % and the verb.
struct Flags {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  std::optional<int> width = std::nullopt;
  std::optional<int> precision = std::nullopt;
};

/// Prints values by one verb after the other into a text of limited length.
class Printer {
 public:
  Printer(std::string& out, std::size_t most) : out_(out), most_(most) {}

  void Run(std::string_view format, Arguments arguments);

  void PrintValue(const Value& value, char32_t verb) {
    switch (value.kind()) {
      case Kind::kNil: return verb == 'v' ? Pad("<nil>") : BadVerb(value, verb);
      case Kind::kBool:
        if (verb != 't' && verb != 'v') return BadVerb(value, verb);
        return Pad(value.boolean() ? "true" : "false");
      case Kind::kInt: return PrintInteger(value, value.integer(), verb);
      case Kind::kFloat: return PrintFloat(value, verb);
      case Kind::kString: return PrintText(value, value.text(), verb);
      case Kind::kTime: return PrintText(value, TimeText(value.time()), verb);
      case Kind::kDuration:
        if (std::u32string_view(U"vsqxX").find(verb) == std::u32string_view::npos) {
          return PrintInteger(value, value.duration().count(), verb);
        }
        return PrintText(value, DurationText(value.duration()), verb);
      case Kind::kList:
      case Kind::kMap:
      case Kind::kRecord: return PrintComposite(value, verb);
    }
  }

 private:
  bool is_full() const { return out_.size() >= most_; }

  void Write(std::string_view text) {
    if (!is_full()) out_.append(text.substr(0, most_ - out_.size()));
  }

  void WriteFill(std::size_t count, char c) {
    if (!is_full()) out_.append(std::min(count, most_ - out_.size()), c);
  }

  std::size_t FillFor(std::string_view text) const {
    if (!flags_.width) return 0;
    const std::size_t length = CountCharacters(text);
    const auto width = static_cast<std::size_t>(*flags_.width);
    return width > length ? width - length : 0;
  }

  /// Writes `text`, filled up to the width.
  void Pad(std::string_view text) {
    const std::size_t fill = FillFor(text);
    if (!flags_.minus) WriteFill(fill, flags_.zero ? '0' : ' ');
    Write(text);
    if (flags_.minus) WriteFill(fill, ' ');
  }

  void PadWithSpaces(std::string_view text) {
    const bool zero = std::exchange(flags_.zero, false);
    Pad(text);
    flags_.zero = zero;
  }

  /// `%!d(string=a)`: a verb that the value's type does not have.
  void BadVerb(const Value& value, char32_t verb) {
    std::string text = "%!";
    AppendCharacter(text, verb);
    text += '(';
    if (!value.is_nil()) text += std::string(value.TypeName()) + "=";
    Write(text);
    if (value.is_nil()) {
      Write("<nil>");
    } else if (value.kind() == Kind::kDuration) {
      PrintDigits(value.duration().count(), 10, 'd');
    } else {
      PrintValue(value, 'v');
    }
    Write(")");
  }

  void PrintText(const Value& value, std::string_view text, char32_t verb) {
    if (flags_.precision && verb != 'x' && verb != 'X') text = Truncated(text);
    switch (verb) {
      case 'v': return quotes_texts_ ? Pad(Quoted(text)) : Pad(text);
      case 's': return Pad(text);
      case 'q':
        return Pad(flags_.sharp && text.find_first_of("`\n\r") == std::string_view::npos
                       ? "`" + std::string(text) + "`"
                       : Quoted(text));
      case 'x': return Pad(Hexadecimal(text, "0123456789abcdef"));
      case 'X': return Pad(Hexadecimal(text, "0123456789ABCDEF"));
      default: return BadVerb(value, verb);
    }
  }

  std::string_view Truncated(std::string_view text) const {
    std::size_t end = 0;
    for (int left = *flags_.precision; left > 0 && end < text.size(); --left) {
      end += FirstCharacter(text.substr(end)).size;
    }
    return text.substr(0, end);
  }

  std::string Hexadecimal(std::string_view text, std::string_view digits) const {
    if (flags_.precision) text = text.substr(0, static_cast<std::size_t>(*flags_.precision));
    const std::string_view prefix = digits[10] == 'a' ? "0x" : "0X";
    std::string out;
    if (flags_.sharp && !text.empty()) out += prefix;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (flags_.space && i > 0) out += flags_.sharp ? " " + std::string(prefix) : " ";
      const auto byte = static_cast<unsigned char>(text[i]);
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    }
    return out;
  }

  void PrintInteger(const Value& value, std::int64_t integer, char32_t verb) {
    switch (verb) {
      case 'v':
      case 'd': return PrintDigits(integer, 10, verb);
      case 'b': return PrintDigits(integer, 2, verb);
      case 'o':
      case 'O': return PrintDigits(integer, 8, verb);
      case 'x':
      case 'X': return PrintDigits(integer, 16, verb);
      case 'c':
      case 'q':
      case 'U': return PrintCharacter(integer, verb);
      default: return BadVerb(value, verb);
    }
  }

  static std::string_view Prefix(char32_t verb, bool is_sharp) {
    if (verb == 'O') return "0o";
    if (!is_sharp) return "";
    switch (verb) {
      case 'b': return "0b";
      case 'x': return "0x";
      case 'X': return "0X";
      default: return "";
    }
  }

  std::string_view Sign(bool is_negative) const {
    if (is_negative) return "-";
    if (flags_.plus) return "+";
    return flags_.space ? " " : "";
  }

  void PrintDigits(std::int64_t integer, int base, char32_t verb) {
    const bool is_negative = integer < 0;
    const auto bits = static_cast<std::uint64_t>(integer);
    std::string digits = IntegerDigits(is_negative ? ~bits + 1 : bits, base, verb == 'X');
    const std::string_view sign = Sign(is_negative);
    std::size_t least = static_cast<std::size_t>(flags_.precision.value_or(0));
    if (flags_.precision == 0 && integer == 0) return PadWithSpaces("");
    const bool fills_zeros = flags_.zero && flags_.width && !flags_.minus && !flags_.precision;
    if (fills_zeros)
      least = static_cast<std::size_t>(*flags_.width) -
              std::min<std::size_t>(sign.size(), static_cast<std::size_t>(*flags_.width));
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
    if (verb == 'o' && flags_.sharp && digits[0] != '0') digits.insert(0, 1, '0');
    PadWithSpaces(std::string(sign) + std::string(Prefix(verb, flags_.sharp)) + digits);
  }

  void PrintCharacter(std::int64_t integer, char32_t verb) {
    const bool is_code = integer >= 0 && integer <= 0x10ffff;
    const char32_t code = is_code ? static_cast<char32_t>(integer) : 0xfffd;
    if (verb == 'U') return Pad(fmt::format("U+{:04X}", static_cast<std::uint64_t>(integer)));
    std::string text;
    AppendCharacter(text, code);
    if (verb == 'c') return Pad(text);
    if (text == "'") return Pad("'\\''");
    if (text == "\"") return Pad("'\"'");
    const std::string quoted = Quoted(text);
    Pad("'" + quoted.substr(1, quoted.size() - 2) + "'");
  }

  void PrintFloat(const Value& value, char32_t verb) {
    if (std::u32string_view(U"vgGeEfF").find(verb) == std::u32string_view::npos) {
      return BadVerb(value, verb);
    }
    const double number = value.number();
    const char letter = verb == 'v' ? 'g' : static_cast<char>(verb);
    const std::string digits = FloatDigits(std::abs(number), letter, flags_.precision);
    const bool is_finite = std::isfinite(number);
    std::string_view sign = Sign(std::signbit(number) && !std::isnan(number));
    // +Inf has its sign unless a space is asked for; NaN has one only if asked.
    if (std::isinf(number) && sign.empty()) sign = "+";
    const bool fills_zeros = flags_.zero && !flags_.minus && is_finite;
    if (!fills_zeros) return PadWithSpaces(std::string(sign) + digits);
    Write(sign);
    WriteFill(FillFor(std::string(sign) + digits), '0');
    Write(digits);
  }

  void PrintComposite(const Value& value, char32_t verb) {
    const bool is_list = value.kind() == Kind::kList;
    const bool is_map = value.kind() == Kind::kMap;
    Write(is_list ? "[" : is_map ? "map[" : "{");
    bool is_first = true;
    const auto separate = [&] {
      if (!std::exchange(is_first, false)) Write(" ");
    };
    for (const Value& item : value.items()) {
      if (is_full()) return;
      separate();
      PrintInner(item, verb);
    }
    for (const auto& [key, entry] : value.entries()) {
      if (is_full()) return;
      separate();
      if (is_map) PrintValue(Value(key), verb);
      if (!is_map && names_fields_) Write(key);
      if (is_map || names_fields_) Write(":");
      PrintInner(entry, verb);
    }
    Write(is_list || is_map ? "]" : "}");
  }

  /// Nil inside of something else is said the same by every verb.
  void PrintInner(const Value& value, char32_t verb) {
    if (value.is_nil()) return Write("<nil>");
    PrintValue(value, verb);
  }

  std::string& out_;
  std::size_t most_;
  Flags flags_;
  bool names_fields_ = false;  ///< %+v.
  bool quotes_texts_ = false;  ///< %#v.

  friend class FormatReader;
};

/// Reads a format and hands each verb with its argument to a Printer.
class FormatReader {
 public:
  FormatReader(Printer& printer, std::string_view format, Arguments arguments)
      : printer_(printer), rest_(format), arguments_(arguments) {}

  void Run() {
    while (!rest_.empty() && !printer_.is_full()) {
      const std::size_t percent = std::min(rest_.find('%'), rest_.size());
      printer_.Write(rest_.substr(0, percent));
      rest_.remove_prefix(percent);
      if (rest_.empty()) break;
      rest_.remove_prefix(1);
      ReadVerb();
    }
    if (!is_reordered_ && next_ < arguments_.size()) PrintExtra();
  }

 private:
  void ReadVerb() {
    Flags& flags = printer_.flags_;
    flags = Flags();
    printer_.names_fields_ = false;
    printer_.quotes_texts_ = false;
    is_good_index_ = true;
    ReadFlags(flags);
    bool has_index = ReadIndex();
    if (TakeIf('*')) {
      flags.width = TakeSize();
      if (!flags.width) printer_.Write("%!(BADWIDTH)");
      if (flags.width && *flags.width < 0) {
        flags.width = -*flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      has_index = false;
    } else {
      flags.width = ReadNumber();
      if (has_index && flags.width) is_good_index_ = false;
    }
    if (TakeIf('.')) ReadPrecision(flags, has_index);
    if (!has_index) ReadIndex();
    if (rest_.empty()) return printer_.Write("%!(NOVERB)");
    const Character verb = FirstCharacter(rest_);
    rest_.remove_prefix(verb.size);
    PrintVerb(verb.code);
  }

  void ReadFlags(Flags& flags) {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      switch (rest_[0]) {
        case '#': flags.sharp = true; break;
        case '0': flags.zero = true; break;
        case '+': flags.plus = true; break;
        case '-': flags.minus = true; break;
        case ' ': flags.space = true; break;
        default: return;
      }
    }
  }

  void ReadPrecision(Flags& flags, bool& has_index) {
    if (has_index) is_good_index_ = false;
    has_index = ReadIndex();
    if (!TakeIf('*')) {
      flags.precision = ReadNumber().value_or(0);
      return;
    }
    flags.precision = TakeSize();
    if (!flags.precision) printer_.Write("%!(BADPREC)");
    if (flags.precision && *flags.precision < 0) {
      flags.precision.reset();
      printer_.Write("%!(BADPREC)");
    }
    has_index = false;
  }

  bool TakeIf(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<int> ReadNumber() {
    int number = 0;
    const auto [after, problem] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    const bool is_digit = !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9';
    if (!is_digit) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(after - rest_.data()));
    if (problem != std::errc{} || number > kMaxWidth) return std::nullopt;
    return number;
  }

  /// `[n]` says which argument comes next, counted from 1.
  bool ReadIndex() {
    if (!rest_.starts_with('[')) return false;
    is_reordered_ = true;
    const std::size_t close = rest_.find(']');
    if (close == std::string_view::npos) {
      is_good_index_ = false;
      rest_.remove_prefix(1);
      return false;
    }
    std::size_t index = 0;
    const auto [after, problem] = std::from_chars(rest_.data() + 1, rest_.data() + close, index);
    const bool is_number = problem == std::errc{} && after == rest_.data() + close;
    rest_.remove_prefix(close + 1);
    if (is_number && index >= 1 && index <= arguments_.size()) {
      next_ = index - 1;
      return true;
    }
    is_good_index_ = false;
    return is_number;
  }

  /// A width or precision that is an argument.
  std::optional<int> TakeSize() {
    if (next_ >= arguments_.size()) return std::nullopt;
    const Value& value = arguments_[next_++];
    if (value.kind() != Kind::kInt || std::abs(value.integer()) > kMaxWidth) return std::nullopt;
    return static_cast<int>(value.integer());
  }

  void PrintVerb(char32_t verb) {
    if (verb == '%') return printer_.Write("%");
    std::string name;
    AppendCharacter(name, verb);
    if (!is_good_index_) return printer_.Write("%!" + name + "(BADINDEX)");
    if (next_ >= arguments_.size()) return printer_.Write("%!" + name + "(MISSING)");
    const Value& value = arguments_[next_++];
    if (verb == 'T') return printer_.Pad(value.TypeName());
    if (verb == 'v') {
      // Here the flags are about names of fields and quotes, not about signs and prefixes.
      printer_.names_fields_ = std::exchange(printer_.flags_.plus, false);
      printer_.quotes_texts_ = std::exchange(printer_.flags_.sharp, false);
    }
    printer_.PrintValue(value, verb);
  }

  void PrintExtra() {
    printer_.flags_ = Flags();
    printer_.Write("%!(EXTRA ");
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      if (i > next_) printer_.Write(", ");
      if (arguments_[i].is_nil()) {
        printer_.Write("<nil>");
        continue;
      }
      printer_.Write(arguments_[i].TypeName());
      printer_.Write("=");
      printer_.PrintValue(arguments_[i], 'v');
    }
    printer_.Write(")");
  }

  Printer& printer_;
  std::string_view rest_;
  Arguments arguments_;
  std::size_t next_ = 0;
  bool is_good_index_ = true;
  bool is_reordered_ = false;
};

void Printer::Run(std::string_view format, Arguments arguments) {
  FormatReader(*this, format, arguments).Run();
}

}  // namespace

void AppendValue(std::string& out, const Value& value, std::size_t most) {
  Printer printer(out, most);
  if (value.is_nil()) {
    out += "<no value>";
    return;
  }
  printer.PrintValue(value, 'v');
}

std::string Print(Arguments arguments) {
  std::string out;
  Printer printer(out, kMaxTextBytes);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_between_others =
        i > 0 && arguments[i].kind() != Kind::kString && arguments[i - 1].kind() != Kind::kString;
    if (is_between_others) out += ' ';
    printer.PrintValue(arguments[i], 'v');
  }
  return out;
}

std::string PrintLine(Arguments arguments) {
  std::string out;
  Printer printer(out, kMaxTextBytes);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out += ' ';
    printer.PrintValue(arguments[i], 'v');
  }
  out += '\n';
  return out;
}

std::string PrintFormatted(std::string_view format, Arguments arguments) {
  std::string out;
  Printer(out, kMaxTextBytes).Run(format, arguments);
  return out;
}

std::string FloatText(double value) {
  std::string out;
  AppendValue(out, Value(value));
  return out;
}

std::string FourDigits(double value) {
  const Value argument(value);
  return PrintFormatted("%.4g", {&argument, 1});
}

}  // namespace tocsin::text_template
