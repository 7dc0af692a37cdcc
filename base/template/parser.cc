#include "base/template/parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/quote.h"
#include "base/template/builtins.h"
#include "base/template/lexer.h"
#include "base/template/literal.h"

namespace tocsin::text_template {
namespace {

/// A token as Go's parser shows it.
std::string Shown(const Token& token) {
  constexpr std::size_t kMost = 10;
  if (token.kind == TokenKind::kEnd) return "EOF";
  if (token.kind == TokenKind::kError) return token.error;
  if (token.kind >= TokenKind::kDot) return "<" + std::string(token.text) + ">";
  if (token.text.size() > kMost) return Quoted(token.text.substr(0, kMost)) + "...";
  return Quoted(token.text);
}

bool IsEmpty(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](const Statement& statement) {
    return statement.kind == Statement::Kind::kText &&
           statement.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
  });
}

/// What ends a list of statements.
enum class BlockEnd { kEndWord, kElse, kElseIf, kElseWith };

/// Recursive descent. After the first error everything returns at once, with whatever it has.
class Parser {
 public:
  Parser(std::string_view name, std::shared_ptr<const std::string> source,
         const Functions& functions)
      : name_(name),
        source_(std::move(source)),
        functions_(functions),
        tokens_(Tokenize(*source_)) {}

  std::optional<Error> Run(std::span<const std::string> variables) {
    variables_.insert(variables_.end(), variables.begin(), variables.end());
    Block root;
    while (!failed() && Peek().kind != TokenKind::kEnd) ParseTop(root);
    if (!failed()) Define(name_, std::move(root));
    return std::move(error_);
  }

  Definitions TakeDefinitions() { return std::move(definitions_); }

 private:
  /// Counts one level of nesting while it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.nesting_ > kMaxNesting) {
        parser_.Fail(fmt::format("nested more than {} deep", kMaxNesting));
      }
    }
    ~Level() { --parser_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  bool failed() const { return error_.has_value(); }

  void Fail(std::string_view message) {
    if (failed()) return;
    error_ = Error{ErrorCode::kInvalidInput,
                   fmt::format("template: {}:{}: {}", name_, tokens_[last_].line, message)};
  }

  void Unexpected(const Token& token, std::string_view context) {
    if (token.kind != TokenKind::kError) {
      return Fail(fmt::format("unexpected {} in {}", Shown(token), context));
    }
    std::string where;
    if (action_line_ != 0 && action_line_ != token.line) {
      const bool says_action = token.error.ends_with(" action");
      where =
          fmt::format("{} started at {}:{}", says_action ? "" : " in action", name_, action_line_);
    }
    Fail(token.error + where);
  }

  const Token& TokenAt(std::size_t index) const {
    return tokens_[std::min(index, tokens_.size() - 1)];
  }
  const Token& Look(std::size_t index) {
    last_ = std::min(index, tokens_.size() - 1);
    return tokens_[last_];
  }
  const Token& Peek() { return Look(next_); }
  const Token& Next() { return Look(next_++); }
  const Token& PeekPastSpace() {
    while (TokenAt(next_).kind == TokenKind::kSpace) ++next_;
    return Peek();
  }
  const Token& NextPastSpace() {
    PeekPastSpace();
    return Next();
  }

  bool Expect(TokenKind kind, std::string_view context) {
    const Token& token = NextPastSpace();
    if (token.kind != kind) Unexpected(token, context);
    return !failed();
  }

  /// From `begin` to the end of the last token that is no space.
  std::size_t EndOfLast() const {
    std::size_t index = next_;
    while (index > 0 && TokenAt(index - 1).kind == TokenKind::kSpace) --index;
    if (index == 0) return 0;
    const Token& token = TokenAt(index - 1);
    return token.position + token.text.size();
  }
  Place From(std::size_t begin) const { return {begin, begin, std::max(begin, EndOfLast())}; }

  bool HasFunction(std::string_view name) const {
    return IsBuiltin(name) || functions_.Find(name) != nullptr;
  }

  // Definitions.

  void Define(const std::string& name, Block body) {
    const auto there = definitions_.find(name);
    if (there != definitions_.end() && !IsEmpty(there->second->body)) {
      if (IsEmpty(body)) return;
      return Fail("template: multiple definition of template " + Quoted(name));
    }
    definitions_.insert_or_assign(name, std::make_shared<const Definition>(
                                            Definition{name, name_, source_, std::move(body)}));
  }

  void ParseTop(Block& root) {
    if (Peek().kind == TokenKind::kLeftBraces) {
      const std::size_t begin = next_++;
      if (NextPastSpace().kind == TokenKind::kDefine) return ParseDefine();
      next_ = begin;
    }
    if (ParseStatement(root)) return;
    Fail(ended_by_ == BlockEnd::kEndWord ? "unexpected {{end}}" : "unexpected {{else}}");
  }

  void ParseDefine() {
    constexpr std::string_view kContext = "define clause";
    const std::string name = ParseName(NextPastSpace(), kContext);
    if (failed() || !Expect(TokenKind::kRightBraces, kContext)) return;
    ParseDefinitionBody(name, kContext);
  }

  /// The body and its `end`; variables of outside cannot be seen in it.
  void ParseDefinitionBody(const std::string& name, std::string_view context) {
    std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const std::size_t outer_ranges = std::exchange(open_ranges_, 0);
    Block body = ParseBlock();
    if (!failed() && ended_by_ != BlockEnd::kEndWord) {
      Fail(fmt::format("unexpected {{{{else}}}} in {}", context));
    }
    variables_ = std::move(outer);
    open_ranges_ = outer_ranges;
    if (!failed()) Define(name, std::move(body));
  }

  std::string ParseName(const Token& token, std::string_view context) {
    if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
      Unexpected(token, context);
      return {};
    }
    return ParseText(token);
  }

  std::string ParseText(const Token& token) {
    Result<std::string> text = Unquote(token.text);
    if (text) return *std::move(text);
    Fail(text.error().message);
    return {};
  }

  // Statements.

  /// Statements up to an `end` or `else`, which is said in ended_by_.
  Block ParseBlock() {
    const Level level(*this);
    Block block;
    while (!failed()) {
      if (PeekPastSpace().kind == TokenKind::kEnd) {
        Fail("unexpected EOF");
        break;
      }
      if (!ParseStatement(block)) break;
    }
    return block;
  }

  /// Appends one statement. Returns false instead if what came ends a block: see ended_by_.
  bool ParseStatement(Block& block) {
    const Token& token = NextPastSpace();
    if (token.kind == TokenKind::kText) {
      Statement text;
      text.text = token.text;
      text.place = From(token.position);
      block.push_back(std::move(text));
      return true;
    }
    if (token.kind != TokenKind::kLeftBraces) {
      Unexpected(token, "input");
      return true;
    }
    action_line_ = token.line;
    const bool is_statement = ParseAction(block, token.position);
    action_line_ = 0;
    return is_statement;
  }

  bool ParseAction(Block& block, std::size_t begin) {
    const Token& word = NextPastSpace();
    if (word.kind == TokenKind::kEndWord) {
      Expect(TokenKind::kRightBraces, "end");
      ended_by_ = BlockEnd::kEndWord;
      return false;
    }
    if (word.kind == TokenKind::kElse) {
      ParseElse();
      return false;
    }
    if (std::optional<Statement> statement = ParseWord(word, begin)) {
      block.push_back(*std::move(statement));
      return true;
    }
    --next_;
    Statement action;
    action.kind = Statement::Kind::kAction;
    action.pipeline = ParsePipeline("command", TokenKind::kRightBraces);
    action.place = {word.position, begin, EndOfLast()};
    block.push_back(std::move(action));
    return true;
  }

  /// A statement that begins with a word of its own; nothing if this is no such word.
  std::optional<Statement> ParseWord(const Token& word, std::size_t begin) {
    using Kind = Statement::Kind;
    const TokenKind kind = word.kind;
    if (kind == TokenKind::kIf) return ParseControl(Kind::kIf, "if", begin);
    if (kind == TokenKind::kWith) return ParseControl(Kind::kWith, "with", begin);
    if (kind == TokenKind::kRange) return ParseControl(Kind::kRange, "range", begin);
    if (kind == TokenKind::kTemplate) return ParseTemplateCall(begin);
    if (kind == TokenKind::kBlock) return ParseBlockStatement(begin);
    if (kind == TokenKind::kBreak) {
      return ParseLoopControl(Kind::kBreak, "{{break}}", word.position);
    }
    if (kind == TokenKind::kContinue) {
      return ParseLoopControl(Kind::kContinue, "{{continue}}", word.position);
    }
    return std::nullopt;
  }

  void ParseElse() {
    const TokenKind next = PeekPastSpace().kind;
    ended_by_ = BlockEnd::kElse;
    if (next == TokenKind::kIf) {
      ended_by_ = BlockEnd::kElseIf;
    } else if (next == TokenKind::kWith) {
      ended_by_ = BlockEnd::kElseWith;
    } else {
      Expect(TokenKind::kRightBraces, "else");
    }
  }

  Statement ParseLoopControl(Statement::Kind kind, std::string_view word, std::size_t begin) {
    Statement statement;
    statement.kind = kind;
    statement.place = From(begin);
    const Token& token = NextPastSpace();
    if (token.kind != TokenKind::kRightBraces) Unexpected(token, word);
    if (open_ranges_ == 0) Fail(std::string(word) + " outside {{range}}");
    return statement;
  }

  /// `if`, `with` and `range`, from behind the word to their `end`.
  Statement ParseControl(Statement::Kind kind, std::string_view word, std::size_t begin) {
    const Level level(*this);
    const bool is_range = kind == Statement::Kind::kRange;
    const std::size_t outer = variables_.size();
    Statement statement;
    statement.kind = kind;
    if (failed()) return statement;
    statement.pipeline = ParsePipeline(word, TokenKind::kRightBraces);
    statement.place = {statement.pipeline->place.position, begin, EndOfLast()};
    if (is_range) ++open_ranges_;
    if (!failed()) statement.body = ParseBlock();
    if (is_range) --open_ranges_;
    if (!failed() && ended_by_ != BlockEnd::kEndWord) ParseOtherwise(statement, begin);
    variables_.resize(std::min(outer, variables_.size()));
    return statement;
  }

  void ParseOtherwise(Statement& statement, std::size_t begin) {
    const BlockEnd ended_by = ended_by_;
    const bool continues =
        (ended_by == BlockEnd::kElseIf && statement.kind == Statement::Kind::kIf) ||
        (ended_by == BlockEnd::kElseWith && statement.kind == Statement::Kind::kWith);
    if (continues) {
      NextPastSpace();
      const std::string_view word = ended_by == BlockEnd::kElseIf ? "if" : "with";
      statement.otherwise.push_back(ParseControl(statement.kind, word, begin));
      return;
    }
    statement.otherwise = ParseBlock();
    if (!failed() && ended_by_ != BlockEnd::kEndWord) Fail("expected end; found {{else}}");
  }

  Statement ParseTemplateCall(std::size_t begin) {
    constexpr std::string_view kContext = "template clause";
    Statement call;
    call.kind = Statement::Kind::kTemplate;
    const Token& name = NextPastSpace();
    call.text = ParseName(name, kContext);
    if (!failed() && PeekPastSpace().kind == TokenKind::kRightBraces) {
      Next();
    } else if (!failed()) {
      call.pipeline = ParsePipeline(kContext, TokenKind::kRightBraces);
    }
    call.place = {name.position, begin, EndOfLast()};
    return call;
  }

  /// `block` defines a template and calls it.
  Statement ParseBlockStatement(std::size_t begin) {
    constexpr std::string_view kContext = "block clause";
    Statement call;
    call.kind = Statement::Kind::kTemplate;
    const Token& name = NextPastSpace();
    call.text = ParseName(name, kContext);
    if (!failed()) call.pipeline = ParsePipeline(kContext, TokenKind::kRightBraces);
    call.place = {name.position, begin, EndOfLast()};
    if (!failed()) ParseDefinitionBody(call.text, kContext);
    return call;
  }

  // Pipelines.

  std::unique_ptr<Pipeline> ParsePipeline(std::string_view context, TokenKind end) {
    const Level level(*this);
    auto pipeline = std::make_unique<Pipeline>();
    const std::size_t begin = PeekPastSpace().position;
    ParseVariables(*pipeline, context);
    while (!failed()) {
      const Token& token = PeekPastSpace();
      if (token.kind == end) {
        pipeline->place = From(begin);
        Next();
        CheckPipeline(*pipeline, context);
        break;
      }
      if (!BeginsOperand(token.kind)) {
        Unexpected(token, context);
        break;
      }
      pipeline->commands.push_back(ParseCommand());
    }
    return pipeline;
  }

  static bool BeginsOperand(TokenKind kind) {
    constexpr std::array kKinds = {
        TokenKind::kBool,     TokenKind::kCharacter,      TokenKind::kDot,
        TokenKind::kField,    TokenKind::kIdentifier,     TokenKind::kNumber,
        TokenKind::kNil,      TokenKind::kRawString,      TokenKind::kString,
        TokenKind::kVariable, TokenKind::kLeftParenthesis};
    return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
  }

  void Declare(Pipeline& pipeline, std::string_view variable) {
    pipeline.variables.emplace_back(variable);
    variables_.emplace_back(variable);
  }

  /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
  void ParseVariables(Pipeline& pipeline, std::string_view context) {
    while (PeekPastSpace().kind == TokenKind::kVariable) {
      const std::size_t begin = next_;
      const Token& variable = Next();
      const Token& sign = PeekPastSpace();
      if (sign.kind == TokenKind::kAssign || sign.kind == TokenKind::kDeclare) {
        pipeline.is_assignment = sign.kind == TokenKind::kAssign;
        Next();
        return Declare(pipeline, variable.text);
      }
      if (sign.kind != TokenKind::kOther || sign.text != ",") {
        next_ = begin;
        return;
      }
      Next();
      Declare(pipeline, variable.text);
      if (context != "range" || pipeline.variables.size() > 1) {
        return Fail(fmt::format("too many declarations in {}", context));
      }
      const TokenKind after = PeekPastSpace().kind;
      if (after != TokenKind::kVariable && after != TokenKind::kRightBraces &&
          after != TokenKind::kRightParenthesis) {
        return Fail("range can only initialize variables");
      }
    }
  }

  void CheckPipeline(const Pipeline& pipeline, std::string_view context) {
    if (pipeline.commands.empty()) return Fail(fmt::format("missing value for {}", context));
    for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
      const Operand& first = pipeline.commands[i].words[0];
      const bool is_constant = first.kind <= Operand::Kind::kString;
      if (is_constant) Fail(fmt::format("non executable command in pipeline stage {}", i + 1));
    }
  }

  Command ParseCommand() {
    Command command;
    const std::size_t begin = PeekPastSpace().position;
    while (!failed()) {
      PeekPastSpace();
      if (std::optional<Operand> operand = ParseOperand()) {
        command.words.push_back(*std::move(operand));
      }
      if (failed()) break;
      command.place = From(begin);
      const Token& token = Next();
      if (token.kind == TokenKind::kSpace) continue;
      if (token.kind == TokenKind::kRightBraces || token.kind == TokenKind::kRightParenthesis) {
        --next_;
      } else if (token.kind != TokenKind::kPipe) {
        Unexpected(token, "operand");
      }
      break;
    }
    if (!failed() && command.words.empty()) Fail("empty command");
    return command;
  }

  /// A term and the fields after it; nothing if no term begins here.
  std::optional<Operand> ParseOperand() {
    if (!BeginsOperand(Peek().kind)) return std::nullopt;
    Operand operand = ParseTerm();
    const Token& after = TokenAt(next_);
    if (failed() || after.kind != TokenKind::kField) return operand;
    const bool is_constant = operand.kind <= Operand::Kind::kString;
    if (is_constant) {
      Peek();
      const Place& place = operand.place;
      Fail("unexpected . after term " +
           Quoted(std::string_view(*source_).substr(place.begin, place.end - place.begin)));
      return operand;
    }
    while (TokenAt(next_).kind == TokenKind::kField) {
      operand.fields.emplace_back(Next().text.substr(1));
    }
    operand.place = {after.position, operand.place.begin, EndOfLast()};
    return operand;
  }

  Operand ParseTerm() {
    const Token& token = Next();
    Operand operand;
    if (token.kind == TokenKind::kLeftParenthesis) {
      operand.kind = Operand::Kind::kPipeline;
      operand.pipeline = ParsePipeline("parenthesized pipeline", TokenKind::kRightParenthesis);
    } else if (token.kind == TokenKind::kField) {
      operand.kind = Operand::Kind::kField;
      operand.fields.emplace_back(token.text.substr(1));
    } else if (token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kVariable) {
      ParseNameTerm(token, operand);
    } else {
      ParseConstantTerm(token, operand);
    }
    operand.place = From(token.position);
    return operand;
  }

  void ParseNameTerm(const Token& token, Operand& operand) {
    operand.text = token.text;
    if (token.kind == TokenKind::kIdentifier) {
      operand.kind = Operand::Kind::kFunction;
      if (HasFunction(token.text)) return;
      return Fail(fmt::format("function {} not defined", Quoted(token.text)));
    }
    operand.kind = Operand::Kind::kVariable;
    if (std::find(variables_.begin(), variables_.end(), token.text) != variables_.end()) return;
    Fail("undefined variable " + Quoted(token.text));
  }

  /// The rest: constants, and the dot.
  void ParseConstantTerm(const Token& token, Operand& operand) {
    if (token.kind == TokenKind::kNil) operand.kind = Operand::Kind::kNil;
    if (token.kind == TokenKind::kBool) {
      operand.kind = Operand::Kind::kBool;
      operand.boolean = token.text == "true";
    }
    if (token.kind == TokenKind::kCharacter || token.kind == TokenKind::kNumber) {
      operand.kind = Operand::Kind::kNumber;
      operand.number = ParseNumberTerm(token);
    }
    if (token.kind == TokenKind::kString || token.kind == TokenKind::kRawString) {
      operand.kind = Operand::Kind::kString;
      operand.text = ParseText(token);
    }
  }

  Number ParseNumberTerm(const Token& token) {
    const Result<Number> number = ParseConstant(token.text);
    if (number) return *number;
    Fail(number.error().message);
    return {};
  }

  std::string name_;
  std::shared_ptr<const std::string> source_;
  const Functions& functions_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t last_ = 0;  ///< The token looked at last: where an error is.
  std::size_t nesting_ = 0;
  std::size_t open_ranges_ = 0;
  std::size_t action_line_ = 0;  ///< 0 outside of actions.
  BlockEnd ended_by_ = BlockEnd::kEndWord;
  std::vector<std::string> variables_ = {"$"};
  Definitions definitions_;
  std::optional<Error> error_;
};

}  // namespace

Status ParseInto(Definitions& definitions, std::string_view name,
                 std::shared_ptr<const std::string> source, const Functions& functions,
                 std::span<const std::string> variables) {
  Parser parser(name, std::move(source), functions);
  if (std::optional<Error> error = parser.Run(variables)) return *std::move(error);
  for (auto& [defined, definition] : parser.TakeDefinitions()) {
    const bool is_replaced = definitions.contains(defined) && IsEmpty(definition->body);
    if (!is_replaced) definitions.insert_or_assign(defined, definition);
  }
  return {};
}

bool IsBuiltin(std::string_view name) {
  return IsEngineFunction(name) || Builtins().Find(name) != nullptr;
}

}  // namespace tocsin::text_template
