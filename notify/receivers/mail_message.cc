#include "notify/receivers/mail_message.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::string HexByte(char c) {
  return fmt::format("={:02X}", static_cast<unsigned char>(c));
}

bool IsPrintable(char c) {
  return c >= ' ' && c <= '~';
}

/// Without controls: a line feed would begin another header.
std::string OneLine(std::string_view text) {
  std::string line = ToUtf8(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return line;
}

/// Whether the byte begins a character.
bool IsBeginning(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// As encoded words, each a whole number of characters.
std::string EncodedWords(std::string_view text) {
  constexpr std::string_view kBegin = "=?utf-8?q?";
  constexpr std::string_view kEnd = "?=";
  constexpr std::size_t kMostWord = 75;
  constexpr std::size_t kLongestCharacter = 12;  // Four bytes, three characters each.
  std::string out(kBegin);
  std::size_t begin = 0;
  for (const char c : text) {
    const bool is_full = out.size() - begin + kLongestCharacter + kEnd.size() > kMostWord;
    if (is_full && IsBeginning(c)) {
      out += fmt::format("{}\r\n {}", kEnd, kBegin);
      begin = out.size() - kBegin.size();
    }
    const bool is_plain = IsPrintable(c) && c != '=' && c != '?' && c != '_' && c != ' ';
    out += c == ' ' ? "_" : is_plain ? std::string(1, c) : HexByte(c);
  }
  return out.append(kEnd);
}

/// A header of words, folded at spaces.
std::string Folded(std::string_view name, std::string_view value) {
  constexpr std::size_t kMostLine = 78;
  std::string out = fmt::format("{}:", name);
  std::size_t line = out.size();
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(' ', 1), value.size());
    const std::string_view word = value.substr(0, end);
    const std::string_view bare = word.substr(word.starts_with(' ') ? 1 : 0);
    if (line + bare.size() + 1 > kMostLine && line > name.size() + 1) {
      out += kLineEnd;
      line = 0;
    }
    out += fmt::format(" {}", bare);
    line += bare.size() + 1;
    value.remove_prefix(end);
  }
  return out.append(kLineEnd);
}

std::string HeaderLine(std::string_view name, std::string_view text) {
  const std::string value = OneLine(text);
  if (std::all_of(value.begin(), value.end(), IsPrintable)) return Folded(name, value);
  return fmt::format("{}: {}\r\n", name, EncodedWords(value));
}

/// A mailbox's name may have to be encoded, its address must not be.
std::string MailboxLine(std::string_view name, std::string_view list) {
  std::string value;
  for (const std::string& mailbox : MailboxesIn(OneLine(list))) {
    if (!value.empty()) value += ", ";
    const std::size_t bracket = mailbox.rfind('<');
    const bool is_plain = std::all_of(mailbox.begin(), mailbox.end(), IsPrintable);
    if (is_plain || bracket == std::string::npos) {
      value += is_plain ? mailbox : AddressIn(mailbox);
      continue;
    }
    std::string words = mailbox.substr(0, bracket);
    while (words.ends_with(' ')) words.pop_back();
    value += fmt::format("{} <{}>", EncodedWords(words), AddressIn(mailbox));
  }
  return Folded(name, value);
}

/// Appends one line, broken softly where it is too long.
void AppendQuotedPrintableLine(std::string& out, std::string_view line) {
  constexpr std::size_t kMostLine = 76;
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_last = i + 1 == line.size();
    const bool is_plain = IsPrintable(c) && c != '=' && !(c == ' ' && is_last);
    const std::string piece = is_plain ? std::string(1, c) : HexByte(c);
    if (column + piece.size() > kMostLine - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  }
  out += kLineEnd;
}

std::string QuotedPrintable(std::string_view text) {
  std::string valid = ToUtf8(text);
  std::string out;
  for (std::size_t begin = 0; begin < valid.size();) {
    const std::size_t end = std::min(valid.find('\n', begin), valid.size());
    std::string_view line = std::string_view(valid).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    AppendQuotedPrintableLine(out, line);
    begin = end + 1;
  }
  return out;
}

std::string Part(std::string_view type, std::string_view text) {
  return fmt::format(
      "Content-Type: {}; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
      type, QuotedPrintable(text));
}

bool HoldsMailboxes(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"from", "to", "cc", "reply-to", "sender"};
  return std::find(kNames.begin(), kNames.end(), LowerCase(name)) != kNames.end();
}

}  // namespace

std::string MailBytes(const Mail& mail) {
  std::string bytes;
  std::set<std::string> seen;
  for (const auto& [name, value] : mail.headers) {
    if (!seen.insert(LowerCase(name)).second) continue;
    bytes += HoldsMailboxes(name) ? MailboxLine(name, value) : HeaderLine(name, value);
  }
  bytes += "MIME-Version: 1.0\r\n";
  if (mail.html.empty()) return bytes + Part("text/plain", mail.text);
  if (mail.text.empty()) return bytes + Part("text/html", mail.html);
  bytes += fmt::format("Content-Type: multipart/alternative; boundary={}\r\n\r\n", mail.boundary);
  bytes += fmt::format("--{}\r\n{}\r\n", mail.boundary, Part("text/plain", mail.text));
  bytes += fmt::format("--{}\r\n{}\r\n", mail.boundary, Part("text/html", mail.html));
  return bytes + fmt::format("--{}--\r\n", mail.boundary);
}

std::string MailDate(TimePoint moment) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(moment - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

std::string AddressIn(std::string_view mailbox) {
  const std::size_t open = mailbox.rfind('<');
  if (open != std::string_view::npos) {
    const std::size_t close = std::min(mailbox.find('>', open), mailbox.size());
    mailbox = mailbox.substr(open + 1, close - open - 1);
  }
  std::string address;
  for (const char c : mailbox) {
    if (static_cast<unsigned char>(c) > ' ' && c != '\x7f' && c != '<' && c != '>') address += c;
  }
  return address;
}

std::vector<std::string> MailboxesIn(std::string_view list) {
  std::vector<std::string> mailboxes(1);
  bool is_quoted = false;
  for (const char c : list) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) {
      mailboxes.emplace_back();
    } else if (c != ' ' || !mailboxes.back().empty()) {
      mailboxes.back() += c;
    }
  }
  for (std::string& mailbox : mailboxes) {
    while (mailbox.ends_with(' ')) mailbox.pop_back();
  }
  std::erase(mailboxes, "");
  return mailboxes;
}

}  // namespace tocsin::notify
