#include "base/template/execution.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/builtins.h"
#include "base/template/printing.h"

namespace tocsin::text_template {
namespace {

/// Of blocks, parentheses and templates together: about half a megabyte of stack.
constexpr std::size_t kMaxStack = 1000;

}  // namespace

Result<std::string> Execution::Run(const Definition& root, const Value& data,
                                   std::span<const Prelude> prelude) {
  current_ = &root;
  variables_.emplace_back("$", data);
  const Place nowhere;
  for (const auto& [variable, field] : prelude) {
    const CallSite no_call = {field, nowhere, data};
    variables_.emplace_back(variable, EvaluateField(nowhere, data, std::string(field), no_call));
  }
  Walk(root.body, data);
  if (failed()) return *std::move(error_);
  return std::move(out_);
}

// Errors and limits.

void Execution::Fail(const Place& place, std::string_view message) {
  if (failed()) return;
  const std::string_view before = std::string_view(*current_->source).substr(0, place.position);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t column = place.position - (before.rfind('\n') + 1);
  error_ = Error{ErrorCode::kInvalidInput,
                 fmt::format("template: {}:{}:{}: executing {} at <{}>: {}", current_->source_name,
                             line, column, Quoted(current_->name), SourceAt(place), message)};
}

void Execution::FailTooLarge(const Place& place, std::string_view message) {
  if (failed()) return;
  Fail(place, message);
  error_->code = ErrorCode::kTooLarge;
}

std::string_view Execution::SourceAt(const Place& place) const {
  return std::string_view(*current_->source).substr(place.begin, place.end - place.begin);
}

bool Execution::Step(const Place& place, std::size_t count) {
  steps_ += count;
  if (steps_ > limits_.steps) {
    FailTooLarge(place, fmt::format("more than {} steps", limits_.steps));
  }
  return !failed();
}

bool Execution::Enter(const Place& place) {
  if (++nesting_ > kMaxStack) FailTooLarge(place, "nested too deep");
  return !failed();
}

void Execution::Write(const Place& place, std::string_view text) {
  if (out_.size() + text.size() > limits_.output_bytes) {
    return FailTooLarge(place, fmt::format("more than {} bytes of text", limits_.output_bytes));
  }
  out_ += text;
}

// Statements.

Execution::Flow Execution::Walk(const Block& block, const Value& dot) {
  for (const Statement& statement : block) {
    if (!Step(statement.place)) return Flow::kNext;
    const Flow flow = WalkStatement(statement, dot);
    if (failed() || flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Execution::Flow Execution::WalkStatement(const Statement& statement, const Value& dot) {
  switch (statement.kind) {
    case Statement::Kind::kText: Write(statement.place, statement.text); return Flow::kNext;
    case Statement::Kind::kAction: {
      const Value value = Evaluate(*statement.pipeline, dot);
      if (failed() || !statement.pipeline->variables.empty()) return Flow::kNext;
      std::string text;
      AppendValue(text, value);
      Write(statement.place, text);
      return Flow::kNext;
    }
    case Statement::Kind::kIf:
    case Statement::Kind::kWith: return WalkCondition(statement, dot);
    case Statement::Kind::kRange: return WalkRange(statement, dot);
    case Statement::Kind::kTemplate: WalkTemplate(statement, dot); return Flow::kNext;
    case Statement::Kind::kBreak: return Flow::kBreak;
    case Statement::Kind::kContinue: return Flow::kContinue;
  }
  return Flow::kNext;
}

Execution::Flow Execution::WalkCondition(const Statement& statement, const Value& dot) {
  const std::size_t mark = variables_.size();
  Flow flow = Flow::kNext;
  if (Enter(statement.place)) {
    const Value value = Evaluate(*statement.pipeline, dot);
    const bool is_with = statement.kind == Statement::Kind::kWith;
    if (!failed() && value.IsTrue()) {
      flow = Walk(statement.body, is_with ? value : dot);
    } else if (!failed()) {
      flow = Walk(statement.otherwise, dot);
    }
  }
  Leave();
  variables_.resize(mark);
  return flow;
}

/// One repetition. Returns false if it is the last one.
bool Execution::WalkOnce(const Statement& range, const Value& index, const Value& item) {
  const Pipeline& pipeline = *range.pipeline;
  const std::size_t declared = pipeline.variables.size();
  if (!Step(range.place)) return false;
  const std::size_t mark = variables_.size();
  if (declared > 0 && pipeline.is_assignment) {
    Assign(range.place, pipeline.variables[0], declared > 1 ? index : item);
    if (declared > 1) Assign(range.place, pipeline.variables[1], item);
  } else if (declared > 0) {
    // Evaluate() has pushed them, the item last.
    variables_[mark - 1].second = item;
    if (declared > 1) variables_[mark - 2].second = index;
  }
  const Flow flow = Walk(range.body, item);
  variables_.resize(mark);
  return !failed() && flow != Flow::kBreak;
}

Execution::Flow Execution::WalkRange(const Statement& statement, const Value& dot) {
  const std::size_t mark = variables_.size();
  bool is_empty = false;
  if (Enter(statement.place)) {
    const Value over = Evaluate(*statement.pipeline, dot);
    is_empty = !failed() && !Repeat(statement, over);
  }
  Flow flow = Flow::kNext;
  if (!failed() && is_empty) flow = Walk(statement.otherwise, dot);
  Leave();
  variables_.resize(mark);
  return flow;
}

/// Repeats the body. Returns false if there was nothing to repeat it for.
bool Execution::Repeat(const Statement& range, const Value& over) {
  if (over.is_nil()) return false;
  if (over.kind() == Kind::kInt) return Count(range, over.integer());
  if (over.kind() != Kind::kList && over.kind() != Kind::kMap) {
    std::string text;
    AppendValue(text, over);
    Fail(range.pipeline->commands.back().place, "range can't iterate over " + text);
    return true;
  }
  const bool is_list = over.kind() == Kind::kList;
  bool goes_on = true;
  for (std::size_t i = 0; goes_on && i < over.size(); ++i) {
    goes_on = is_list ? WalkOnce(range, Value(static_cast<std::int64_t>(i)), over.items()[i])
                      : WalkOnce(range, Value(over.entries()[i].first), over.entries()[i].second);
  }
  return over.size() > 0;
}

/// Repeats the body for the numbers from 0 up to `count`, without it.
bool Execution::Count(const Statement& range, std::int64_t count) {
  if (range.pipeline->variables.size() > 1) {
    Fail(range.pipeline->commands.back().place,
         fmt::format("can't use {} to iterate over more than one variable", count));
    return true;
  }
  bool goes_on = true;
  for (std::int64_t i = 0; goes_on && i < count; ++i) goes_on = WalkOnce(range, Value(), Value(i));
  return count > 0;
}

void Execution::WalkTemplate(const Statement& statement, const Value& dot) {
  if (!definitions_.contains(statement.text)) {
    return Fail(statement.place, fmt::format("template {} not defined", Quoted(statement.text)));
  }
  const Value data = statement.pipeline == nullptr ? Value() : Evaluate(*statement.pipeline, dot);
  if (!failed()) CallTemplate(statement.place, statement.text, data);
}

void Execution::CallTemplate(const Place& place, std::string_view name, const Value& dot) {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) {
    return Fail(place, fmt::format("template {} not defined", Quoted(name)));
  }
  if (depth_ >= limits_.depth) {
    return FailTooLarge(place, fmt::format("exceeded maximum template depth ({})", limits_.depth));
  }
  ++depth_;
  if (Enter(place)) {
    const Definition* const caller = std::exchange(current_, found->second.get());
    const std::size_t outer_frame = std::exchange(frame_, variables_.size());
    variables_.emplace_back("$", dot);
    Walk(current_->body, dot);
    variables_.resize(frame_);
    frame_ = outer_frame;
    current_ = caller;
  }
  Leave();
  --depth_;
}

// Variables.

Value* Execution::FindVariable(std::string_view name) {
  for (std::size_t i = variables_.size(); i > frame_; --i) {
    if (variables_[i - 1].first == name) return &variables_[i - 1].second;
  }
  return nullptr;
}

void Execution::Assign(const Place& place, std::string_view name, const Value& value) {
  Value* const variable = FindVariable(name);
  if (variable == nullptr) return Fail(place, fmt::format("undefined variable: {}", name));
  *variable = value;
}

}  // namespace tocsin::text_template
