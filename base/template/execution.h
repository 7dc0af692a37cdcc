// One run of a template.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/template/functions.h"
#include "base/template/syntax.h"
#include "base/template/template.h"
#include "base/template/value.h"

namespace tocsin::text_template {

/// Walks the tree and writes the text. Used once. After the first error everything returns at once,
/// with nil for a value.
class Execution {
 public:
  /// What it refers to must live until Run() has returned.
  Execution(const Definitions& definitions, const Functions& functions, const Limits& limits)
      : definitions_(definitions), functions_(functions), limits_(limits) {}

  Result<std::string> Run(const Definition& root, const Value& data,
                          std::span<const Prelude> prelude);

 private:
  /// What a statement does to the block it stands in.
  enum class Flow { kNext, kBreak, kContinue };
  using Variable = std::pair<std::string_view, Value>;

  /// What may be a call of a function or a method.
  struct CallSite {
    std::string_view name;
    const Place& command;  ///< All of it, for errors.
    const Value& dot;
    std::span<const Operand> words = {};  ///< Its name and the arguments; empty for none.
    const Value* piped = nullptr;         ///< The last argument, from the pipeline; or null.
  };

  bool failed() const { return error_.has_value(); }
  void Fail(const Place& place, std::string_view message);
  void FailTooLarge(const Place& place, std::string_view message);
  std::string_view SourceAt(const Place& place) const;
  bool Step(const Place& place, std::size_t count = 1);
  bool Enter(const Place& place);
  void Leave() { --nesting_; }

  Flow Walk(const Block& block, const Value& dot);
  Flow WalkStatement(const Statement& statement, const Value& dot);
  Flow WalkCondition(const Statement& statement, const Value& dot);
  Flow WalkRange(const Statement& statement, const Value& dot);
  bool Repeat(const Statement& range, const Value& over);
  bool Count(const Statement& range, std::int64_t count);
  bool WalkOnce(const Statement& range, const Value& index, const Value& item);
  void WalkTemplate(const Statement& statement, const Value& dot);
  void CallTemplate(const Place& place, std::string_view name, const Value& dot);
  void Write(const Place& place, std::string_view text);

  Value* FindVariable(std::string_view name);
  void Assign(const Place& place, std::string_view name, const Value& value);

  Value Evaluate(const Pipeline& pipeline, const Value& dot);
  Value EvaluateCommands(const Pipeline& pipeline, const Value& dot);
  Value EvaluateCommand(const Command& command, const Value& dot, const Value* piped);
  Value EvaluateOperand(const Operand& operand, const Value& dot);
  Value Constant(const Operand& operand) const;
  Value EvaluateFields(const Operand& operand, const CallSite& call);
  Value EvaluateField(const Place& place, const Value& receiver, const std::string& name,
                      const CallSite& call);
  Value EvaluateFunction(const Place& place, const CallSite& call);
  Value EvaluateLogic(const Place& place, const CallSite& call);
  Value EvaluateTemplateCall(const Place& place, const CallSite& call);
  Value Call(const Function& function, const Value* receiver, const Place& place,
             const CallSite& call);
  Value EvaluateArgument(const Operand& operand, Kind kind, const Value& dot);
  Value Checked(Value value, Kind kind, const Place& place);
  Value Finished(Result<Value> result, const CallSite& call);

  const Definitions& definitions_;
  const Functions& functions_;
  const Limits& limits_;
  const Definition* current_ = nullptr;
  std::vector<Variable> variables_;
  std::size_t frame_ = 0;  ///< Where the variables of the current template begin.
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;    ///< Of templates.
  std::size_t nesting_ = 0;  ///< Of templates, blocks and parentheses, which take stack.
  std::string out_;
  std::optional<Error> error_;
};

}  // namespace tocsin::text_template
