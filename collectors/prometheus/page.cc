#include "collectors/prometheus/page.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "collectors/prometheus/families.h"
#include "collectors/prometheus/line.h"

namespace tocsin::collectors {
namespace {

/// What is the same for two samples of one series, whatever the order of their labels.
std::string KeyOf(const PageSample& sample) {
  std::vector<const std::pair<std::string, std::string>*> labels;
  labels.reserve(sample.labels.size());
  for (const auto& label : sample.labels) {
    if (!label.second.empty()) labels.push_back(&label);
  }
  std::sort(labels.begin(), labels.end(), [](const auto* a, const auto* b) { return *a < *b; });
  std::string key = sample.name;
  for (const auto* label : labels) {
    key.append(1, '\xff').append(label->first).append(1, '\xff').append(label->second);
  }
  return key;
}

/// Reads line after line, and then finds out which sample belongs to which family.
class PageReader {
 public:
  PageReader(std::string_view text, const PageLimits& limits)
      : rest_(text), unit_(TimeUnitOf(text)), limits_(limits) {}

  Result<Page> Read() {
    bool first = true;
    while (!rest_.empty()) {
      bool ended = false;
      const std::string_view line = TakeLine(rest_, ended);
      ++line_number_;
      if (IsBlankLine(line)) continue;
      const bool makes_sense = ReadLine(line, ended);
      if (first && !makes_sense) {
        return Error{ErrorCode::kCorrupt, "expected a page of metrics: " + page_.faults.first};
      }
      first = false;
    }
    MakeFamilies();
    return std::move(page_);
  }

 private:
  bool ReadLine(std::string_view line, bool ended) {
    if (line.size() > limits_.line_bytes) {
      return Refuse(fmt::format("longer than {} bytes", limits_.line_bytes));
    }
    if (line[line.find_first_not_of(" \t")] == '#') {
      if (ended) ReadCommentLine(line);  // Half a comment might say something else.
      return true;
    }
    SeriesText series;
    if (const auto problem = ReadSeries(line, series)) return Refuse(std::string(*problem));
    // The value may be cut off, and what is left of it would be another number.
    if (!ended) return Refuse("expected a line feed at the end of the page");
    const std::optional<SampleValue> value = ReadValue(line.substr(series.size), unit_);
    if (!value) return Refuse("expected a number and perhaps a time");
    Keep({.name = std::move(series.name),
          .labels = std::move(series.labels),
          .value = value->value,
          .timestamp_ms = value->timestamp_ms});
    return true;
  }

  bool Refuse(const std::string& why) {
    ++page_.faults.bad_lines;
    NoteFirst(why);
    return false;
  }

  void NoteFirst(const std::string& what) {
    if (page_.faults.first.empty()) {
      page_.faults.first = fmt::format("line {}: {}", line_number_, what);
    }
  }

  void ReadCommentLine(std::string_view line) {
    const CommentLine comment = ReadComment(line);
    if (comment.kind == CommentLine::Kind::kHelp) {
      comments_.AddHelp(comment.name, ToUtf8(comment.text));
    }
    if (comment.kind != CommentLine::Kind::kType) return;
    if (comments_.AddType(comment.name, comment.text) == PageComments::Noted::kUnknownType) {
      ++page_.faults.unknown_types;
      NoteFirst("unknown type of " + ToUtf8(comment.name.substr(0, kShownName)));
    }
  }

  void Keep(PageSample sample) {
    std::string key = KeyOf(sample);
    const auto known = by_key_.find(key);
    if (known != by_key_.end()) {
      ++page_.faults.duplicates;
      samples_[known->second] = std::move(sample);
    } else if (samples_.size() >= limits_.series) {
      ++page_.faults.overflow;
    } else {
      by_key_.emplace(std::move(key), samples_.size());
      samples_.push_back(std::move(sample));
    }
  }

  void MakeFamilies() {
    std::unordered_map<std::string, std::size_t> by_name;  // A family and its type.
    std::unordered_map<std::string, std::optional<std::size_t>> of_sample;
    for (PageSample& sample : samples_) {
      const auto [place, is_new] = of_sample.try_emplace(sample.name, std::nullopt);
      if (is_new) place->second = FamilyIndex(comments_.FamilyOf(sample.name), by_name);
      if (place->second) page_.families[*place->second].samples.push_back(std::move(sample));
    }
  }

  std::optional<std::size_t> FamilyIndex(PageComments::Family family,
                                         std::unordered_map<std::string, std::size_t>& by_name) {
    if (family.passed_over) return std::nullopt;
    std::string key = family.name + '\xff' + std::string(Name(family.type));
    const auto [place, is_new] = by_name.try_emplace(std::move(key), page_.families.size());
    if (is_new) {
      page_.families.push_back(
          {.name = std::move(family.name), .type = family.type, .help = std::move(family.help)});
    }
    return place->second;
  }

  static constexpr std::size_t kShownName = 100;

  std::string_view rest_;
  const TimeUnit unit_;
  const PageLimits& limits_;
  std::size_t line_number_ = 0;
  Page page_;
  PageComments comments_;
  std::vector<PageSample> samples_;
  std::unordered_map<std::string, std::size_t> by_key_;
};

}  // namespace

std::string_view PageSample::Label(std::string_view label) const {
  for (const auto& [known, value_text] : labels) {
    if (known == label) return value_text;
  }
  return {};
}

const PageFamily* Page::Find(std::string_view name) const {
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const PageFamily& family) { return family.name == name; });
  return found == families.end() ? nullptr : &*found;
}

Result<Page> ParsePage(std::string_view text, const PageLimits& limits) {
  return PageReader(text, limits).Read();
}

Status CheckPageAnswer(const HttpAnswer& answer) {
  constexpr int kOk = 200;
  if (answer.status == 401 || answer.status == 403) {
    return Error{ErrorCode::kDenied, fmt::format("HTTP status {}", answer.status)};
  }
  if (answer.status != kOk) {
    return Error{ErrorCode::kUnavailable, fmt::format("HTTP status {}", answer.status)};
  }
  const std::string_view type = answer.Header("Content-Type");
  const std::string_view media = type.substr(0, type.find_first_of("; \t"));
  if (!EqualsIgnoringCase(media, "text/plain") &&
      !EqualsIgnoringCase(media, "application/openmetrics-text")) {
    constexpr std::size_t kShownType = 60;
    return Error{ErrorCode::kCorrupt,
                 fmt::format("expected a page of metrics, not Content-Type \"{}\"",
                             ToUtf8(media.substr(0, kShownType)))};
  }
  return {};
}

std::string TakePageText(HttpAnswer& answer) {
  std::string text = std::move(answer.body);
  if (answer.is_framed && !text.empty() && text.back() != '\n') text += '\n';
  return text;
}

OutgoingRequest PageRequest(const std::string& url) {
  return {.url = url, .headers = {{"Accept", std::string(kPageAccept)}}};
}

Result<std::string> FetchPage(HttpClient& client, const std::string& url, const Attempt& attempt) {
  Result<HttpAnswer> answer = client.Send(PageRequest(url), attempt.stop);
  if (!answer) return answer.error();
  if (const Status good = CheckPageAnswer(*answer); !good) return good.error();
  return TakePageText(*answer);
}

}  // namespace tocsin::collectors
