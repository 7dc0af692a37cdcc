#include "exporter/content_negotiation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kOpenMetricsType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The schemes of Prometheus' documentation, "Escaping Schemes". Our names need no escaping in any
/// of them.
constexpr std::array<std::string_view, 4> kEscapingSchemes = {"allow-utf-8", "underscores", "dots",
                                                              "values"};

constexpr int kFullQuality = 1000;

/// One member of an Accept or Accept-Encoding header. Views into the header.
struct Choice {
  std::string_view name;
  std::string_view version;
  std::string_view escaping;
  int quality = kFullQuality;  ///< In thousandths.
};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Cuts the text up to the next `separator` outside quotes off `rest`, and the separator with it.
std::string_view CutNext(std::string_view& rest, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (quoted && rest[i] == '\\') {
      ++i;
    } else if (!quoted && rest[i] == separator) {
      return std::exchange(rest, rest.substr(i + 1)).substr(0, i);
    }
  }
  return std::exchange(rest, {});
}

std::string_view Unquote(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"'
             ? text.substr(1, text.size() - 2)
             : text;
}

/// RFC 9110, 12.4.2: 0 to 1 with at most three decimals. Nothing for what is not a number.
std::optional<int> ParseQuality(std::string_view text) {
  double quality = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), quality, std::chars_format::fixed);
  if (problem != std::errc{} || end != text.data() + text.size() || !(quality >= 0))
    return std::nullopt;
  return static_cast<int>(std::lround(std::min(quality, 1.0) * kFullQuality));
}

/// A member whose quality cannot be read is passed over, as if it had not been sent.
std::optional<Choice> ParseChoice(std::string_view member) {
  Choice choice;
  choice.name = Trim(CutNext(member, ';'));
  if (choice.name.empty()) return std::nullopt;
  while (!member.empty()) {
    std::string_view value = CutNext(member, ';');
    const std::string_view key = Trim(CutNext(value, '='));
    value = Unquote(Trim(value));
    if (EqualsIgnoringCase(key, "version")) choice.version = value;
    if (EqualsIgnoringCase(key, "escaping")) choice.escaping = value;
    if (EqualsIgnoringCase(key, "q")) {
      const std::optional<int> quality = ParseQuality(value);
      if (!quality) return std::nullopt;
      choice.quality = *quality;
    }
  }
  return choice;
}

std::vector<Choice> ParseChoices(std::string_view header) {
  std::vector<Choice> choices;
  while (!header.empty()) {
    if (const auto choice = ParseChoice(CutNext(header, ','))) choices.push_back(*choice);
  }
  return choices;
}

struct MediaType {
  std::string_view type;
  std::string_view any_subtype;
  std::string_view version;
};

constexpr MediaType kText = {"text/plain", "text/*", "0.0.4"};
constexpr MediaType kOpenMetrics = {"application/openmetrics-text", "application/*", "1.0.0"};

/// How closely `choice` names `media`: 0 is not at all.
int Closeness(const Choice& choice, const MediaType& media) {
  if (EqualsIgnoringCase(choice.name, "*/*")) return 1;
  if (EqualsIgnoringCase(choice.name, media.any_subtype)) return 2;
  if (!EqualsIgnoringCase(choice.name, media.type)) return 0;
  if (choice.version.empty()) return 3;
  return choice.version == media.version ? 4 : 0;
}

/// The choice that decides about `media`: the closest, the first of several. Null if there is none.
const Choice* Decisive(const std::vector<Choice>& choices, const MediaType& media) {
  const Choice* decisive = nullptr;
  int closest = 0;
  for (const Choice& choice : choices) {
    const int closeness = Closeness(choice, media);
    if (closeness > closest) {
      closest = closeness;
      decisive = &choice;
    }
  }
  return decisive;
}

int QualityOf(const Choice* choice) {
  return choice == nullptr ? 0 : choice->quality;
}

std::string WithEscaping(std::string_view type, const Choice* choice) {
  std::string content_type(type);
  if (choice != nullptr && std::find(kEscapingSchemes.begin(), kEscapingSchemes.end(),
                                     choice->escaping) != kEscapingSchemes.end()) {
    content_type.append("; escaping=").append(choice->escaping);
  }
  return content_type;
}

/// The quality of a coding by its name, or nothing if it is not named.
std::optional<int> QualityOf(const std::vector<Choice>& choices, std::string_view coding) {
  for (const Choice& choice : choices) {
    if (EqualsIgnoringCase(choice.name, coding)) return choice.quality;
  }
  return std::nullopt;
}

}  // namespace

NegotiatedFormat NegotiateFormat(std::string_view accept) {
  const std::vector<Choice> choices = ParseChoices(accept);
  const Choice* const text = Decisive(choices, kText);
  const Choice* const open_metrics = Decisive(choices, kOpenMetrics);
  const int text_quality = QualityOf(text);
  const int open_metrics_quality = QualityOf(open_metrics);
  // Of one vector: the lower address was named first. Where `*/*` decides both, text it is.
  const bool open_metrics_first = open_metrics < text || text == nullptr;
  if (open_metrics_quality > text_quality ||
      (open_metrics_quality > 0 && open_metrics_quality == text_quality && open_metrics_first)) {
    return {ExpositionFormat::kOpenMetrics, WithEscaping(kOpenMetricsType, open_metrics)};
  }
  return {ExpositionFormat::kText, WithEscaping(kTextType, text_quality > 0 ? text : nullptr)};
}

std::string_view Name(ContentEncoding encoding) {
  switch (encoding) {
    case ContentEncoding::kIdentity: return "";
    case ContentEncoding::kGzip: return "gzip";
    case ContentEncoding::kZstd: break;
  }
  return "zstd";
}

ContentEncoding NegotiateEncoding(std::string_view accept_encoding) {
  const std::vector<Choice> choices = ParseChoices(accept_encoding);
  const std::optional<int> any = QualityOf(choices, "*");
  const int zstd = QualityOf(choices, "zstd").value_or(0);
  const int gzip =
      QualityOf(choices, "gzip").value_or(QualityOf(choices, "x-gzip").value_or(any.value_or(0)));
  // Not named, identity is acceptable, but less welcome than anything that is.
  const int identity = QualityOf(choices, "identity").value_or(0);
  if (zstd > 0 && zstd >= gzip && zstd >= identity) return ContentEncoding::kZstd;
  if (gzip > 0 && gzip >= identity) return ContentEncoding::kGzip;
  return ContentEncoding::kIdentity;
}

}  // namespace tocsin
