// The half of Execution that computes values; execution.cc has the half that carries out
// statements.

#include <algorithm>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/builtins.h"
#include "base/template/execution.h"

namespace tocsin::text_template {
namespace {

/// Of lists and maps in each other.
constexpr std::size_t kMaxValueDepth = 100;

/// How many bytes of text count as one more step of the function that reads or makes them.
constexpr std::size_t kBytesPerStep = 64;

std::size_t BytesOf(std::span<const Value> values) {
  std::size_t bytes = 0;
  for (const Value& value : values) bytes += value.size();
  return bytes;
}

bool IsConstant(const Operand& operand) {
  return operand.kind == Operand::Kind::kBool || operand.kind == Operand::Kind::kNumber ||
         operand.kind == Operand::Kind::kString;
}

}  // namespace

// Pipelines and commands.

Value Execution::Evaluate(const Pipeline& pipeline, const Value& dot) {
  Value value;
  if (Enter(pipeline.place)) value = EvaluateCommands(pipeline, dot);
  Leave();
  if (failed()) return {};
  for (const std::string& variable : pipeline.variables) {
    if (pipeline.is_assignment) {
      Assign(pipeline.commands.back().place, variable, value);
    } else {
      variables_.emplace_back(variable, value);
    }
  }
  return value;
}

Value Execution::EvaluateCommands(const Pipeline& pipeline, const Value& dot) {
  Value value;
  const Value* piped = nullptr;
  for (const Command& command : pipeline.commands) {
    if (!Step(command.place)) return {};
    value = EvaluateCommand(command, dot, piped);
    if (failed()) return {};
    piped = &value;
  }
  return value;
}

Value Execution::EvaluateCommand(const Command& command, const Value& dot, const Value* piped) {
  const Operand& first = command.words[0];
  const CallSite call = {first.text, command.place, dot, command.words, piped};
  const bool is_call = first.kind == Operand::Kind::kFunction && first.fields.empty();
  if (is_call) return EvaluateFunction(first.place, call);
  if (!first.fields.empty()) return EvaluateFields(first, call);
  if (command.words.size() > 1 || piped != nullptr) {
    Fail(first.place, fmt::format("can't give argument to non-function {}", SourceAt(first.place)));
    return {};
  }
  if (first.kind == Operand::Kind::kNil) {
    Fail(first.place, "nil is not a command");
    return {};
  }
  return EvaluateOperand(first, dot);
}

/// An operand where any value may stand.
Value Execution::EvaluateOperand(const Operand& operand, const Value& dot) {
  const CallSite no_arguments = {operand.text, operand.place, dot};
  if (!operand.fields.empty()) return EvaluateFields(operand, no_arguments);
  if (operand.kind == Operand::Kind::kDot) return dot;
  if (operand.kind == Operand::Kind::kPipeline) return Evaluate(*operand.pipeline, dot);
  if (operand.kind == Operand::Kind::kFunction) {
    return EvaluateFunction(operand.place, no_arguments);
  }
  if (operand.kind != Operand::Kind::kVariable) return Constant(operand);
  const Value* const value = FindVariable(operand.text);
  return value == nullptr ? Value() : *value;
}

Value Execution::Constant(const Operand& operand) const {
  if (operand.kind == Operand::Kind::kBool) return Value(operand.boolean);
  if (operand.kind == Operand::Kind::kString) return Value(operand.text);
  if (operand.kind != Operand::Kind::kNumber) return {};
  const Number& number = operand.number;
  return number.is_float_text ? Value(number.number) : Value(number.integer);
}

// Fields and methods.

/// What the fields after a term name. Only the last one may be a method with arguments.
Value Execution::EvaluateFields(const Operand& operand, const CallSite& call) {
  Value value = call.dot;
  if (operand.kind == Operand::Kind::kVariable) {
    if (const Value* const variable = FindVariable(operand.text)) value = *variable;
  } else if (operand.kind == Operand::Kind::kPipeline) {
    value = Evaluate(*operand.pipeline, call.dot);
  } else if (operand.kind == Operand::Kind::kFunction) {
    value = EvaluateFunction(operand.place, {operand.text, operand.place, call.dot});
  }
  for (std::size_t i = 0; i < operand.fields.size() && !failed(); ++i) {
    const bool is_last = i + 1 == operand.fields.size();
    const std::string& name = operand.fields[i];
    if (i > 0 && value.is_nil()) {
      Fail(operand.place, fmt::format("nil pointer evaluating interface {{}}.{}", name));
      return {};
    }
    const CallSite no_arguments = {name, operand.place, call.dot};
    const CallSite with_arguments = {name, call.command, call.dot, call.words, call.piped};
    value = EvaluateField(operand.place, value, name, is_last ? with_arguments : no_arguments);
  }
  return value;
}

Value Execution::EvaluateField(const Place& place, const Value& receiver, const std::string& name,
                               const CallSite& call) {
  if (receiver.is_nil()) return {};
  if (const Functions* const methods = receiver.methods()) {
    if (const Function* const method = methods->Find(name)) {
      return Call(*method, &receiver, place, call);
    }
  }
  const bool has_arguments = call.words.size() > 1 || call.piped != nullptr;
  if (receiver.kind() == Kind::kMap) {
    if (!has_arguments) return receiver.GetOrZero(name);
    Fail(place, fmt::format("{} is not a method but has arguments", name));
    return {};
  }
  const Value* const field = receiver.kind() == Kind::kRecord ? receiver.Find(name) : nullptr;
  if (field == nullptr) {
    Fail(place, fmt::format("can't evaluate field {} in type {}", name, receiver.TypeName()));
    return {};
  }
  if (!has_arguments) return *field;
  Fail(place, fmt::format("{} has arguments but cannot be invoked as function", name));
  return {};
}

// Functions.

Value Execution::EvaluateFunction(const Place& place, const CallSite& call) {
  if (const Function* const function = functions_.Find(call.name)) {
    return Call(*function, nullptr, place, call);
  }
  if (call.name == "tmpl") return EvaluateTemplateCall(place, call);
  if (IsEngineFunction(call.name)) return EvaluateLogic(place, call);
  if (const Function* const function = Builtins().Find(call.name)) {
    return Call(*function, nullptr, place, call);
  }
  Fail(place, fmt::format("{} is not a defined function", Quoted(call.name)));
  return {};
}

/// `and` and `or`: the first argument that decides, or the last one.
Value Execution::EvaluateLogic(const Place& place, const CallSite& call) {
  const bool decides = call.name == "or";
  const std::size_t given = call.words.empty() ? 0 : call.words.size() - 1;
  if (given == 0 && call.piped == nullptr) {
    Fail(place, fmt::format("wrong number of args for {}: want at least 1 got 0", call.name));
    return {};
  }
  Value value;
  for (std::size_t i = 1; i <= given; ++i) {
    value = EvaluateArgument(call.words[i], kAnything, call.dot);
    if (failed() || value.IsTrue() == decides) return value;
  }
  return call.piped != nullptr ? *call.piped : value;
}

/// `tmpl NAME DATA`: what the template of that name makes of the data.
Value Execution::EvaluateTemplateCall(const Place& place, const CallSite& call) {
  const std::string outer = std::exchange(out_, {});
  const Function run = {
      {Kind::kString, kAnything}, false, [&](Arguments arguments) -> Result<Value> {
        CallTemplate(place, arguments[0].text(), arguments[1]);
        return Value(out_);
      }};
  Value text = Call(run, nullptr, place, call);
  out_ = outer;
  return text;
}

Value Execution::Call(const Function& function, const Value* receiver, const Place& place,
                      const CallSite& call) {
  const std::span<const Operand> words = call.words.empty() ? call.words : call.words.subspan(1);
  const std::size_t own = receiver == nullptr ? 0 : 1;
  const std::size_t piped = call.piped == nullptr ? 0 : 1;
  const std::size_t given = words.size() + piped;
  const std::size_t wanted = function.parameters.size() - own;
  if (function.is_variadic && given + 1 < wanted) {
    Fail(place, fmt::format("wrong number of args for {}: want at least {} got {}", call.name,
                            wanted - 1, words.size()));
  } else if (!function.is_variadic && given != wanted) {
    Fail(place,
         fmt::format("wrong number of args for {}: want {} got {}", call.name, wanted, given));
  }
  std::vector<Value> arguments;
  if (receiver != nullptr) arguments.push_back(*receiver);
  const auto next_kind = [&] {
    return function.parameters[std::min(arguments.size(), function.parameters.size() - 1)];
  };
  for (std::size_t i = 0; i < words.size() && !failed(); ++i) {
    arguments.push_back(EvaluateArgument(words[i], next_kind(), call.dot));
  }
  if (call.piped != nullptr && !failed()) {
    arguments.push_back(Checked(*call.piped, next_kind(), place));
  }
  if (failed() || !Step(place, BytesOf(arguments) / kBytesPerStep)) return {};
  return Finished(function.body(arguments), call);
}

/// What a function has answered, if it is within the limits.
Value Execution::Finished(Result<Value> result, const CallSite& call) {
  if (failed()) return {};
  if (!result) {
    Fail(call.command, fmt::format("error calling {}: {}", call.name, result.error().message));
    return {};
  }
  if (!Step(call.command, result->size() / kBytesPerStep)) return {};
  const bool is_long = result->kind() == Kind::kString && result->size() >= limits_.output_bytes;
  if (is_long) {
    FailTooLarge(call.command, fmt::format("more than {} bytes of text", limits_.output_bytes));
  } else if (result->depth() > kMaxValueDepth) {
    FailTooLarge(call.command, "lists and maps nested too deep");
  }
  if (failed()) return {};
  return *std::move(result);
}

Value Execution::EvaluateArgument(const Operand& operand, Kind kind, const Value& dot) {
  if (operand.kind == Operand::Kind::kNil) {
    // Go's nil list and nil map are empty ones.
    if (kind == Kind::kList) return Value::OfList({});
    if (kind == Kind::kMap) return Value::OfMap({});
    if (kind != kAnything) {
      Fail(operand.place, fmt::format("cannot assign nil to {}", KindName(kind)));
    }
    return {};
  }
  if (!IsConstant(operand)) return Checked(EvaluateOperand(operand, dot), kind, operand.place);
  const Number& number = operand.number;
  const bool is_number = operand.kind == Operand::Kind::kNumber;
  if (is_number && kind == Kind::kFloat) return Value(number.number);
  if (is_number && kind == Kind::kInt && number.is_integer) return Value(number.integer);
  Value value = Constant(operand);
  if (kind == kAnything || value.kind() == kind) return value;
  const std::string_view expected = kind == Kind::kFloat ? "float"
                                    : kind == Kind::kInt ? "integer"
                                                         : KindName(kind);
  Fail(operand.place, fmt::format("expected {}; found {}", expected, SourceAt(operand.place)));
  return {};
}

Value Execution::Checked(Value value, Kind kind, const Place& place) {
  if (failed() || kind == kAnything || value.kind() == kind) return value;
  if (value.is_nil()) {
    if (kind == Kind::kList) return Value::OfList({});
    if (kind == Kind::kMap) return Value::OfMap({});
    Fail(place, fmt::format("invalid value; expected {}", KindName(kind)));
  } else {
    Fail(place, fmt::format("wrong type for value; expected {}; got {}", KindName(kind),
                            value.TypeName()));
  }
  return {};
}

}  // namespace tocsin::text_template
