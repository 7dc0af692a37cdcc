#include "rules/promql/printer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/metric.h"
#include "base/quote.h"
#include "rules/promql/duration_expr.h"
#include "rules/promql/functions.h"
#include "rules/promql/literal.h"
#include "rules/promql/number_text.h"

namespace tocsin::promql {
namespace {

/// Expressions longer than this are split by PrettyPrint().
constexpr std::size_t kLongestLine = 100;

std::string Indent(int level) {
  return std::string(static_cast<std::size_t>(level) * 2, ' ');
}

std::string DurationText(double seconds) {
  return FormatDuration(Duration(std::llround(seconds * 1000)));
}

/// A constant as it stands alone: in `[...]` and after `offset` numbers become durations.
void AppendConstant(std::string& out, const DurationExpr& constant) {
  const Result<Millis> millis = Evaluate(constant, 0, 0);
  // Less than a millisecond has no duration to be printed as.
  const bool is_tiny = !millis || *millis == 0;
  if (is_tiny) return AppendPlain(out, constant.seconds);
  out += FormatDuration(Duration(*millis));
}

class DurationPrinter {
 public:
  explicit DurationPrinter(std::string& out) : out_(out) {}
  void Append(const DurationExpr& expr);

 private:
  void AppendBinary(const DurationExpr& expr, std::string_view op);
  void AppendExtreme(const DurationExpr& expr, std::string_view name);

  std::string& out_;
};

void DurationPrinter::Append(const DurationExpr& expr) {
  using enum DurationExpr::Kind;
  switch (expr.kind) {
    case kConstant:
      if (expr.as_number) return AppendPlain(out_, expr.seconds);
      out_ += DurationText(expr.seconds);
      return;
    case kStep: out_ += "step()"; return;
    case kRange: out_ += "range()"; return;
    case kNegate: out_ += '-'; return Append(*expr.lhs);
    case kParen:
      out_ += '(';
      Append(*expr.lhs);
      out_ += ')';
      return;
    case kAdd: return AppendBinary(expr, " + ");
    case kSubtract: return AppendBinary(expr, " - ");
    case kMultiply: return AppendBinary(expr, " * ");
    case kDivide: return AppendBinary(expr, " / ");
    case kModulo: return AppendBinary(expr, " % ");
    case kPower: return AppendBinary(expr, " ^ ");
    case kMin: return AppendExtreme(expr, "min_of(");
    case kMax: return AppendExtreme(expr, "max_of(");
  }
  assert(false);
}

void DurationPrinter::AppendBinary(const DurationExpr& expr, std::string_view op) {
  Append(*expr.lhs);
  out_ += op;
  Append(*expr.rhs);
}

void DurationPrinter::AppendExtreme(const DurationExpr& expr, std::string_view name) {
  out_ += name;
  AppendBinary(expr, ", ");
  out_ += ')';
}

void AppendDuration(std::string& out, const DurationExpr& expr) {
  if (expr.kind == DurationExpr::Kind::kConstant) return AppendConstant(out, expr);
  DurationPrinter(out).Append(expr);
}

void AppendAt(std::string& out, const AtModifier& at) {
  using enum AtModifier::Kind;
  if (at.kind == kStart) out += " @ start()";
  if (at.kind == kEnd) out += " @ end()";
  if (at.kind != kTime) return;
  const std::uint64_t millis =
      at.time < 0 ? -static_cast<std::uint64_t>(at.time) : static_cast<std::uint64_t>(at.time);
  out += fmt::format(" @ {}{}.{:03}", at.time < 0 ? "-" : "", millis / 1000, millis % 1000);
}

void AppendOffset(std::string& out, const TimeModifiers& time) {
  if (time.offset == nullptr) return;
  out += " offset ";
  AppendDuration(out, *time.offset);
}

void AppendExtension(std::string& out, Extension extension) {
  if (extension == Extension::kAnchored) out += " anchored";
  if (extension == Extension::kSmoothed) out += " smoothed";
}

/// Names that need no quotes stand without.
void AppendLabels(std::string& out, const std::vector<std::string>& labels) {
  out += " (";
  std::string_view separator;
  for (const std::string& label : labels) {
    out += separator;
    if (IsLabelName(label)) {
      out += label;
    } else {
      AppendQuoted(out, label);
    }
    separator = ", ";
  }
  out += ')';
}

void AppendMatchers(std::string& out, const VectorSelector& selector) {
  std::vector<std::string> texts;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_name = matcher.name().text() == kMetricNameLabel &&
                         matcher.type() == MatchType::kEqual && matcher.value() == selector.name &&
                         !selector.name.empty();
    if (!is_name) texts.push_back(matcher.ToString());
  }
  if (texts.empty()) return;
  std::ranges::sort(texts);
  out += fmt::format("{{{}}}", fmt::join(texts, ","));
}

/// ` on (a) group_left (b) fill (0)`
void AppendMatching(std::string& out, const VectorMatching& matching) {
  const bool is_grouped = matching.cardinality == Cardinality::kManyToOne ||
                          matching.cardinality == Cardinality::kOneToMany;
  if (matching.on || is_grouped || !matching.labels.empty()) {
    out += matching.on ? " on" : " ignoring";
    AppendLabels(out, matching.labels);
  }
  if (is_grouped) {
    out += matching.cardinality == Cardinality::kManyToOne ? " group_left" : " group_right";
    AppendLabels(out, matching.include);
  }
  const auto append_fill = [&](std::string_view name, double value) {
    out += name;
    out += GoG(value);
    out += ')';
  };
  const std::optional<double>& left = matching.fill_left;
  const std::optional<double>& right = matching.fill_right;
  if (left && right &&
      std::bit_cast<std::uint64_t>(*left) == std::bit_cast<std::uint64_t>(*right)) {
    return append_fill(" fill (", *left);
  }
  if (left) append_fill(" fill_left (", *left);
  if (right) append_fill(" fill_right (", *right);
}

/// `+ on (a)`, `== bool`
std::string OperatorText(const Binary& binary) {
  std::string text(Name(binary.op));
  if (binary.return_bool) text += " bool";
  AppendMatching(text, binary.matching);
  return text;
}

/// `sum`, `sum by (a) `
std::string AggregationText(const Aggregate& aggregate) {
  std::string text(Name(aggregate.op));
  if (!aggregate.without && aggregate.grouping.empty()) return text;
  text += aggregate.without ? " without" : " by";
  AppendLabels(text, aggregate.grouping);
  return text + ' ';
}

/// `[1h:5m] @ end() offset 1m`
std::string SubqueryText(const Subquery& subquery) {
  std::string text = "[";
  AppendDuration(text, *subquery.range);
  text += ':';
  if (subquery.step != nullptr) AppendDuration(text, *subquery.step);
  text += ']';
  AppendAt(text, subquery.time.at);
  AppendOffset(text, subquery.time);
  return text;
}

/// Appends on one line.
class LinePrinter {
 public:
  explicit LinePrinter(std::string& out) : out_(out) {}

  void Append(const Expr& expr) {
    std::visit([&](const auto& node) { AppendNode(node); }, expr.node);
  }

 private:
  void AppendNode(const NumberLiteral& number);
  void AppendNode(const StringLiteral& string) { AppendQuoted(out_, string.value); }
  void AppendNode(const VectorSelector& selector);
  void AppendNode(const MatrixSelector& matrix);
  void AppendNode(const Subquery& subquery);
  void AppendNode(const Call& call);
  void AppendNode(const Aggregate& aggregate);
  void AppendNode(const Binary& binary);
  void AppendNode(const Unary& unary);
  void AppendNode(const Paren& paren);

  std::string& out_;
};

void LinePrinter::AppendNode(const NumberLiteral& number) {
  if (!number.as_duration) return AppendPlain(out_, number.value);
  out_ += DurationText(number.value);
}

void LinePrinter::AppendNode(const VectorSelector& selector) {
  out_ += selector.name;
  AppendMatchers(out_, selector);
  AppendAt(out_, selector.time.at);
  AppendExtension(out_, selector.extension);
  AppendOffset(out_, selector.time);
}

void LinePrinter::AppendNode(const MatrixSelector& matrix) {
  out_ += matrix.selector.name;
  AppendMatchers(out_, matrix.selector);
  out_ += '[';
  AppendDuration(out_, *matrix.range);
  out_ += ']';
  AppendExtension(out_, matrix.selector.extension);
  AppendAt(out_, matrix.selector.time.at);
  AppendOffset(out_, matrix.selector.time);
}

void LinePrinter::AppendNode(const Subquery& subquery) {
  Append(*subquery.expr);
  out_ += SubqueryText(subquery);
}

void LinePrinter::AppendNode(const Call& call) {
  out_ += call.function->name;
  out_ += '(';
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) out_ += ", ";
    Append(*call.args[i]);
  }
  out_ += ')';
}

void LinePrinter::AppendNode(const Aggregate& aggregate) {
  out_ += AggregationText(aggregate);
  out_ += '(';
  if (aggregate.parameter != nullptr) {
    Append(*aggregate.parameter);
    out_ += ", ";
  }
  Append(*aggregate.expr);
  out_ += ')';
}

void LinePrinter::AppendNode(const Binary& binary) {
  Append(*binary.lhs);
  out_ += ' ';
  out_ += OperatorText(binary);
  out_ += ' ';
  Append(*binary.rhs);
}

void LinePrinter::AppendNode(const Unary& unary) {
  out_ += unary.minus ? '-' : '+';
  Append(*unary.expr);
}

void LinePrinter::AppendNode(const Paren& paren) {
  out_ += '(';
  Append(*paren.expr);
  out_ += ')';
}

/// Prints over several lines what is too long for one. `level` is how far to indent.
class PrettyPrinter {
 public:
  std::string Format(const Expr& expr, int level) {
    const std::string line = Print(expr);
    if (line.size() > kLongestLine) {
      return std::visit([&](const auto& node) { return Split(node, line, level); }, expr.node);
    }
    // That Prometheus does not indent subqueries which fit is not ours to change.
    const bool is_subquery = std::holds_alternative<Subquery>(expr.node);
    return is_subquery ? line : Indent(level) + line;
  }

 private:
  template <class Leaf>
  std::string Split(const Leaf&, const std::string& line, int level) {
    return Indent(level) + line;
  }
  std::string Split(const Subquery& subquery, const std::string&, int level) {
    return Format(*subquery.expr, level) + SubqueryText(subquery);
  }
  std::string Split(const Call& call, const std::string&, int level) {
    std::string text = Indent(level) + std::string(call.function->name) + "(\n";
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) text += ",\n";
      text += Format(*call.args[i], level + 1);
    }
    return text + "\n" + Indent(level) + ")";
  }
  std::string Split(const Aggregate& aggregate, const std::string&, int level) {
    std::string text = Indent(level) + AggregationText(aggregate) + "(\n";
    if (aggregate.parameter != nullptr) text += Format(*aggregate.parameter, level + 1) + ",\n";
    return text + Format(*aggregate.expr, level + 1) + "\n" + Indent(level) + ")";
  }
  std::string Split(const Binary& binary, const std::string&, int level) {
    return Format(*binary.lhs, level + 1) + "\n" + Indent(level) + OperatorText(binary) + "\n" +
           Format(*binary.rhs, level + 1);
  }
  std::string Split(const Unary& unary, const std::string&, int level) {
    const std::string operand = Format(*unary.expr, level);
    return Indent(level) + (unary.minus ? "-" : "+") +
           operand.substr(std::min(operand.find_first_not_of(' '), operand.size()));
  }
  std::string Split(const Paren& paren, const std::string&, int level) {
    return Indent(level) + "(\n" + Format(*paren.expr, level + 1) + "\n" + Indent(level) + ")";
  }
};

}  // namespace

std::string Print(const Expr& expr) {
  std::string text;
  LinePrinter(text).Append(expr);
  return text;
}

std::string Print(const DurationExpr& expr) {
  std::string text;
  AppendDuration(text, expr);
  return text;
}

std::string PrettyPrint(const Expr& expr) {
  return PrettyPrinter().Format(expr, 0);
}

}  // namespace tocsin::promql
