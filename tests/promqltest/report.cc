#include "tests/promqltest/report.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>

namespace tocsin::promql {
namespace {

using Outcome = CaseReport::Outcome;

/// Of the source text of a page.
constexpr std::size_t kPageWidth = 110;

std::size_t CountAll(const std::vector<ScriptReport>& scripts, Outcome outcome) {
  std::size_t count = 0;
  for (const ScriptReport& script : scripts) count += script.Count(outcome);
  return count;
}

/// How many cases were skipped, by reason.
std::map<std::string, std::size_t> Skipped(const std::vector<CaseReport>& cases) {
  std::map<std::string, std::size_t> reasons;
  for (const CaseReport& one : cases) {
    if (one.outcome == Outcome::kSkipped) ++reasons[one.detail];
  }
  return reasons;
}

std::map<std::string, std::size_t> Skipped(const std::vector<ScriptReport>& scripts) {
  std::map<std::string, std::size_t> reasons;
  for (const ScriptReport& script : scripts) {
    for (const auto& [reason, count] : Skipped(script.cases)) reasons[reason] += count;
  }
  return reasons;
}

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '&': escaped += "&amp;"; break;
      case '\'': escaped += "&apos;"; break;
      case '\n': escaped += "&#10;"; break;
      default:
        // XML has no way to write most control characters.
        escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return escaped;
}

std::string CoverageTable(const std::vector<ScriptReport>& scripts) {
  const auto reasons = Skipped(scripts);
  std::string header = "| script | passed | failed |";
  std::string rule = "|---|---:|---:|";
  for (const auto& [reason, count] : reasons) {
    header += " skipped: " + reason + " |";
    rule += "---:|";
  }
  const auto row = [&](const std::string& name, std::size_t passed, std::size_t failed,
                       const std::map<std::string, std::size_t>& skipped) {
    std::string text =
        "| " + name + " | " + std::to_string(passed) + " | " + std::to_string(failed) + " |";
    for (const auto& [reason, all] : reasons) {
      const auto found = skipped.find(reason);
      text += ' ' + std::to_string(found == skipped.end() ? 0 : found->second) + " |";
    }
    return text + '\n';
  };
  std::string table = header + '\n' + rule + '\n';
  for (const ScriptReport& script : scripts) {
    table += row(script.name(), script.Count(Outcome::kPassed), script.Count(Outcome::kFailed),
                 Skipped(script.cases));
  }
  return table + row("**all**", CountAll(scripts, Outcome::kPassed),
                     CountAll(scripts, Outcome::kFailed), reasons);
}

/// An item of a list: `title`, then numbers, over several lines.
std::string Item(const std::string& title, const std::vector<std::size_t>& numbers) {
  std::string item;
  std::string line = "- " + title + ':';
  for (const std::size_t number : numbers) {
    const std::string word = ' ' + std::to_string(number) + (number == numbers.back() ? "" : ",");
    if (line.size() + word.size() > kPageWidth) {
      item += line + "\n ";
      line.clear();
    }
    line += word;
  }
  return item + line + '\n';
}

/// The lines of the cases for which `chosen` holds, script by script.
template <class Chosen>
std::string CaseList(const std::vector<ScriptReport>& scripts, Chosen chosen) {
  std::string list;
  for (const ScriptReport& script : scripts) {
    std::vector<std::size_t> lines;
    for (const CaseReport& one : script.cases) {
      if (chosen(one)) lines.push_back(one.line);
    }
    if (!lines.empty()) list += Item(script.name(), lines);
  }
  return list;
}

}  // namespace

std::string ScriptReport::name() const {
  return std::filesystem::path(path).filename();
}

std::size_t ScriptReport::Count(CaseReport::Outcome outcome) const {
  const auto count = std::ranges::count(cases, outcome, &CaseReport::outcome);
  return static_cast<std::size_t>(count);
}

std::string Summary(const std::vector<ScriptReport>& scripts) {
  std::string text;
  for (const ScriptReport& script : scripts) {
    for (const CaseReport& one : script.cases) {
      if (one.outcome != Outcome::kFailed) continue;
      text += script.path + ':' + std::to_string(one.line) + ": " + one.expr + "\n  " + one.detail;
    }
  }
  for (const auto& [reason, count] : Skipped(scripts)) {
    text += std::to_string(count) + " skipped: " + reason + '\n';
  }
  return text + std::to_string(CountAll(scripts, Outcome::kPassed)) + " passed, " +
         std::to_string(CountAll(scripts, Outcome::kFailed)) + " failed\n";
}

std::string JunitReport(const std::vector<ScriptReport>& scripts) {
  std::string xml = "<testsuites>\n";
  for (const ScriptReport& script : scripts) {
    const std::string name = EscapeXml(script.name());
    xml += "<testsuite name='" + name + "'>\n";
    for (const CaseReport& one : script.cases) {
      xml += "<testcase classname='" + name + "' name='" + std::to_string(one.line) + ": " +
             EscapeXml(one.expr) + "'>";
      const std::string_view outcome = one.outcome == Outcome::kFailed ? "failure" : "skipped";
      if (one.outcome != Outcome::kPassed) {
        xml.append("<").append(outcome).append(" message='") += EscapeXml(one.detail) + "'/>";
      }
      xml += "</testcase>\n";
    }
    xml += "</testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

std::string CoveragePage(const std::vector<ScriptReport>& scripts) {
  std::string page = CoverageTable(scripts);
  const auto failed = [](const CaseReport& one) { return one.outcome == Outcome::kFailed; };
  if (CountAll(scripts, Outcome::kFailed) > 0) {
    page += "\n## Cases that fail\n\n" + CaseList(scripts, failed);
  }
  for (const auto& [reason, count] : Skipped(scripts)) {
    const auto skipped = [&wanted = reason](const CaseReport& one) {
      return one.outcome == Outcome::kSkipped && one.detail == wanted;
    };
    page += "\n## Cases that need " + reason + "\n\n" + CaseList(scripts, skipped);
  }
  return page;
}

}  // namespace tocsin::promql
