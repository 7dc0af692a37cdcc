#include "exporter/api/expression_json.h"

#include <cmath>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_writer.h"
#include "rules/promql/functions.h"
#include "rules/promql/literal.h"

namespace tocsin::api {
namespace {

using namespace promql;  // NOLINT(google-build-using-namespace): this file is about its types.

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kNone: return "none";
    case ValueType::kScalar: return "scalar";
    case ValueType::kVector: return "vector";
    case ValueType::kMatrix: return "matrix";
    case ValueType::kString: return "string";
  }
  return "";
}

std::string_view Name(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOneToOne: return "one-to-one";
    case Cardinality::kManyToOne: return "many-to-one";
    case Cardinality::kOneToMany: return "one-to-many";
    case Cardinality::kManyToMany: return "many-to-many";
  }
  return "";
}

/// A constant duration in milliseconds; 0 for one that depends on the query.
std::int64_t Milliseconds(const DurationExprPtr& duration) {
  if (duration == nullptr) return 0;
  if (duration->kind == DurationExpr::Kind::kNegate) return -Milliseconds(duration->lhs);
  if (duration->kind == DurationExpr::Kind::kParen) return Milliseconds(duration->lhs);
  if (duration->kind != DurationExpr::Kind::kConstant) return 0;
  return std::llround(duration->seconds * 1000);
}

void AppendStrings(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

/// Appends one node; the visitor for each kind of it.
class NodeWriter {
 public:
  explicit NodeWriter(JsonWriter& json) : json_(json) {}

  void Write(const Expr& expr) {
    json_.BeginObject();
    std::visit(*this, expr.node);
    json_.EndObject();
  }

  void operator()(const NumberLiteral& number) {
    json_.Key("type").String("numberLiteral").Key("val").String(FormatPlain(number.value));
  }
  void operator()(const StringLiteral& text) {
    json_.Key("type").String("stringLiteral").Key("val").String(text.value);
  }
  void operator()(const VectorSelector& selector) {
    json_.Key("type").String("vectorSelector");
    WriteSelector(selector);
  }
  void operator()(const MatrixSelector& matrix) {
    json_.Key("type").String("matrixSelector").Key("range").Integer(Milliseconds(matrix.range));
    WriteSelector(matrix.selector);
  }
  void operator()(const Subquery& subquery) {
    json_.Key("type").String("subquery");
    WriteChild("expr", subquery.expr);
    json_.Key("range").Integer(Milliseconds(subquery.range));
    json_.Key("step").Integer(Milliseconds(subquery.step));
    WriteTime(subquery.time);
  }
  void operator()(const Call& call) {
    const Function& function = *call.function;
    json_.Key("type").String("call").Key("func").BeginObject();
    json_.Key("name").String(function.name).Key("argTypes").BeginArray();
    for (const ValueType type : function.args) json_.String(TypeName(type));
    json_.EndArray().Key("variadic").Integer(function.optional_args);
    json_.Key("returnType").String(TypeName(function.returns)).EndObject();
    json_.Key("args").BeginArray();
    for (const ExprPtr& argument : call.args) Write(*argument);
    json_.EndArray();
  }
  void operator()(const Aggregate& aggregate) {
    json_.Key("type").String("aggregation").Key("op").String(promql::Name(aggregate.op));
    WriteChild("expr", aggregate.expr);
    WriteChild("param", aggregate.parameter);
    AppendStrings(json_, "grouping", aggregate.grouping);
    json_.Key("without").Bool(aggregate.without);
  }
  void operator()(const Binary& binary) {
    json_.Key("type").String("binaryExpr").Key("op").String(promql::Name(binary.op));
    WriteChild("lhs", binary.lhs);
    WriteChild("rhs", binary.rhs);
    json_.Key("matching");
    if (binary.lhs->type == ValueType::kVector && binary.rhs->type == ValueType::kVector) {
      WriteMatching(binary.matching);
    } else {
      json_.Raw("null");
    }
    json_.Key("bool").Bool(binary.return_bool);
  }
  void operator()(const Unary& unary) {
    json_.Key("type").String("unaryExpr").Key("op").String(unary.minus ? "-" : "+");
    WriteChild("expr", unary.expr);
  }
  void operator()(const Paren& paren) {
    json_.Key("type").String("parenExpr");
    WriteChild("expr", paren.expr);
  }

 private:
  void WriteChild(std::string_view key, const ExprPtr& child) {
    json_.Key(key);
    if (child == nullptr) {
      json_.Raw("null");
    } else {
      Write(*child);
    }
  }

  void WriteTime(const TimeModifiers& time) {
    json_.Key("offset").Integer(Milliseconds(time.offset)).Key("timestamp");
    if (time.at.kind == AtModifier::Kind::kTime) {
      json_.Integer(time.at.time);
    } else {
      json_.Raw("null");
    }
    json_.Key("startOrEnd");
    switch (time.at.kind) {
      case AtModifier::Kind::kStart: json_.String("start"); break;
      case AtModifier::Kind::kEnd: json_.String("end"); break;
      case AtModifier::Kind::kNone:
      case AtModifier::Kind::kTime: json_.Raw("null"); break;
    }
  }

  void WriteSelector(const VectorSelector& selector) {
    json_.Key("name").String(selector.name).Key("matchers").BeginArray();
    for (const Matcher& matcher : selector.matchers) {
      json_.BeginObject().Key("name").String(matcher.name().text());
      json_.Key("value").String(matcher.value());
      json_.Key("type").String(tocsin::Name(matcher.type())).EndObject();
    }
    json_.EndArray();
    WriteTime(selector.time);
    json_.Key("anchored").Bool(selector.extension == Extension::kAnchored);
    json_.Key("smoothed").Bool(selector.extension == Extension::kSmoothed);
  }

  void WriteMatching(const VectorMatching& matching) {
    json_.BeginObject().Key("card").String(Name(matching.cardinality));
    AppendStrings(json_, "labels", matching.labels);
    json_.Key("on").Bool(matching.on);
    AppendStrings(json_, "include", matching.include);
    json_.Key("fillValues").BeginObject();
    WriteFill("lhs", matching.fill_left);
    WriteFill("rhs", matching.fill_right);
    json_.EndObject().EndObject();
  }

  void WriteFill(std::string_view key, const std::optional<double>& value) {
    json_.Key(key);
    if (value) {
      json_.Number(*value);
    } else {
      json_.Raw("null");
    }
  }

  JsonWriter& json_;
};

}  // namespace

void AppendExpression(std::string& out, const Expr& expr) {
  JsonWriter json(out);
  NodeWriter(json).Write(expr);
}

}  // namespace tocsin::api
