#include "exporter/generate/panel_query.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/promql/analysis.h"
#include "rules/promql/parser.h"

namespace tocsin::generate {
namespace {

constexpr std::string_view kMatchers = R"(job=~"$job",instance=~"$instance")";

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The same with a duration just as long in place of each variable: what is found in it is at the
/// same place in `expr`. In texts, a variable is text.
std::string WithDurations(std::string_view expr) {
  std::string text(expr);
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == quote)
        quote = 0;
      continue;
    }
    if (text[i] == '"' || text[i] == '\'' || text[i] == '`') quote = text[i];
    if (text[i] != '$') continue;
    std::size_t end = i + 1;
    while (end < text.size() && IsWordCharacter(text[end])) ++end;
    if (end - i < 2) continue;
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(i),
              text.begin() + static_cast<std::ptrdiff_t>(end), '0');
    text[end - 2] = '5';
    text[end - 1] = 'm';
  }
  return text;
}

bool SaysJob(const promql::VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers,
                             [](const Matcher& matcher) { return matcher.name().text() == "job"; });
}

/// Adds the matchers to the selector at `begin`, which has a name.
void Insert(std::string& text, std::size_t begin, std::size_t name_size) {
  const std::size_t after = begin + name_size;
  std::size_t brace = after;
  while (brace < text.size() && (text[brace] == ' ' || text[brace] == '\n')) ++brace;
  if (brace == text.size() || text[brace] != '{') {
    text.insert(after, "{" + std::string(kMatchers) + "}");
    return;
  }
  const std::size_t next = text.find_first_not_of(" \n", brace + 1);
  const bool empty = next != std::string::npos && text[next] == '}';
  text.insert(brace + 1, std::string(kMatchers) + (empty ? "" : ","));
}

}  // namespace

Result<std::string> WithVariables(std::string_view expr) {
  const std::string plain = WithDurations(expr);
  const promql::ParseResult parsed = promql::Parse(plain, {});
  if (!parsed) return Error{ErrorCode::kInvalidInput, parsed.error.ToString(plain)};
  std::map<std::size_t, std::size_t> places;  // Where a selector begins: the size of its name.
  promql::Walk(*parsed.query->root, [&](const promql::Expr& at) {
    const promql::VectorSelector* selector = promql::SelectorOf(at);
    if (selector != nullptr && !SaysJob(*selector)) {
      places.emplace(at.position.begin, selector->name.size());
    }
  });
  std::string text(expr);
  for (auto place = places.rbegin(); place != places.rend(); ++place) {  // The last first.
    Insert(text, place->first, place->second);
  }
  return text;
}

}  // namespace tocsin::generate
