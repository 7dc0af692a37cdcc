#include "rules/lint/check.h"

#include <fmt/format.h>

#include "base/yaml_place.h"
#include "rules/promql/printer.h"

namespace tocsin::lint {
namespace {

constexpr std::size_t kMostShown = 60;

/// The place of a byte of a scalar, or of the scalar if that cannot be told.
YamlPlace PlaceIn(const File& file, const YamlNode& scalar, std::size_t offset) {
  return PlaceInScalar(file.text, scalar, offset).value_or(scalar.place);
}

}  // namespace

std::string Subject::Shown(const promql::Expr& part) const {
  std::string text = promql::Print(part);
  if (text.size() <= kMostShown) return text;
  std::size_t end = kMostShown;  // Not in the middle of a character.
  while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end) + "...";
}

void Report::AtRule(const Subject& subject, Severity severity, std::string_view message) {
  Add(subject, subject.rule->place, severity, message);
}

void Report::AtExpr(const Subject& subject, const promql::Expr& part, Severity severity,
                    std::string_view message) {
  const YamlNode* const scalar = subject.node == nullptr ? nullptr : subject.node->Find("expr");
  Add(subject,
      scalar == nullptr ? subject.rule->expr_place
                        : PlaceIn(*subject.file, *scalar, part.position.begin),
      severity, message);
}

void Report::AtText(const Subject& subject, std::string_view map, std::string_view name,
                    std::size_t offset, Severity severity, std::string_view message) {
  const YamlNode* const texts = subject.node == nullptr ? nullptr : subject.node->Find(map);
  const YamlNode* const scalar = texts == nullptr ? nullptr : texts->Find(name);
  Add(subject, scalar == nullptr ? subject.rule->place : PlaceIn(*subject.file, *scalar, offset),
      severity, message);
}

void Report::AtGroup(const File& file, const RuleGroup& group, Severity severity,
                     std::string_view message) {
  findings_.push_back({file.name, group.place, check_, severity,
                       fmt::format("group \"{}\": {}", group.name, message)});
}

void Report::Add(const Subject& subject, YamlPlace place, Severity severity,
                 std::string_view message) {
  findings_.push_back({subject.file->name, place, check_, severity,
                       fmt::format("group \"{}\", rule {}, \"{}\": {}", subject.group->name,
                                   subject.number, subject.rule->name, message)});
}

}  // namespace tocsin::lint
