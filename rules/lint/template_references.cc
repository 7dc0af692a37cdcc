#include "rules/lint/template_references.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/rule_template.h"

namespace tocsin::lint {
namespace {

namespace tt = text_template;

using Kind = TemplateReference::Kind;

/// Functions whose result says little about a number: it stays the same while the number moves.
bool IsComparison(std::string_view function) {
  constexpr std::array<std::string_view, 9> kNames = {"eq", "ne",  "lt",  "le",   "gt",
                                                      "ge", "not", "len", "match"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

/// Walks over the tree of one text.
class Collector {
 public:
  std::vector<TemplateReference> Collect(const tt::Block& block) {
    Visit(block, /*dot_is_data=*/true);
    if (redefined_) references_.clear();
    return std::move(references_);
  }

 private:
  /// What an operand stands for, as a path from the data: {"Labels", "job"}; empty if it is
  /// something else.
  std::vector<std::string> PathOf(const tt::Operand& operand) const {
    std::vector<std::string> path;
    if (operand.kind == tt::Operand::Kind::kVariable) {
      if (operand.text == "$labels") path = {"Labels"};
      if (operand.text == "$value") path = {"Value"};
      if (path.empty() && operand.text != "$") return {};
    } else if (operand.kind != tt::Operand::Kind::kField || !dot_is_data_) {
      return {};
    }
    path.insert(path.end(), operand.fields.begin(), operand.fields.end());
    return path;
  }

  void Visit(const tt::Block& block, bool dot_is_data) {
    const bool before = std::exchange(dot_is_data_, dot_is_data);
    for (const tt::Statement& statement : block) Visit(statement);
    dot_is_data_ = before;
  }

  void Visit(const tt::Statement& statement) {
    using enum tt::Statement::Kind;
    const bool prints = statement.kind == kAction || statement.kind == kTemplate;
    if (statement.pipeline) Visit(*statement.pipeline, prints);
    const bool changes_dot = statement.kind == kRange || statement.kind == kWith;
    Visit(statement.body, dot_is_data_ && !changes_dot);
    Visit(statement.otherwise, dot_is_data_);
  }

  void Visit(const tt::Pipeline& pipeline, bool prints) {
    for (const std::string& variable : pipeline.variables) {
      redefined_ = redefined_ || variable == "$labels" || variable == "$value";
    }
    const tt::Operand* piped = nullptr;  // The one word of the command before.
    for (const tt::Command& command : pipeline.commands) {
      Visit(command, piped, prints && pipeline.variables.empty());
      piped = command.words.size() == 1 ? &command.words.front() : nullptr;
    }
  }

  void Visit(const tt::Command& command, const tt::Operand* piped, bool prints) {
    const tt::Operand& first = command.words.front();
    const bool is_call = first.kind == tt::Operand::Kind::kFunction;
    if (is_call && first.text == "query") {
      const tt::Operand* const argument = command.words.size() > 1 ? &command.words[1] : piped;
      if (argument != nullptr && argument->kind == tt::Operand::Kind::kString) {
        references_.push_back({Kind::kQuery, argument->text, argument->place.begin});
      }
    }
    if (is_call && first.text == "index" && command.words.size() == 3) {
      const tt::Operand& key = command.words[2];
      const bool of_labels = PathOf(command.words[1]) == std::vector<std::string>{"Labels"};
      if (of_labels && key.kind == tt::Operand::Kind::kString) {
        references_.push_back({Kind::kLabel, key.text, key.place.begin});
      }
    }
    const bool decides = is_call && IsComparison(first.text);
    for (const tt::Operand& word : command.words) Visit(word, prints && !decides);
  }

  void Visit(const tt::Operand& operand, bool prints) {
    if (operand.pipeline) Visit(*operand.pipeline, prints);
    const std::vector<std::string> path = PathOf(operand);
    if (path.size() == 2 && path[0] == "Labels") {
      references_.push_back({Kind::kLabel, path[1], operand.place.begin});
    }
    if (path.size() == 1 && path[0] == "Value" && prints) {
      references_.push_back({Kind::kValue, "", operand.place.begin});
    }
  }

  std::vector<TemplateReference> references_;
  bool dot_is_data_ = true;
  bool redefined_ = false;
};

}  // namespace

std::vector<TemplateReference> TemplateReferences(std::string_view text) {
  const auto definitions = ParseRuleTemplate(text);
  if (!definitions) return {};
  const auto found = definitions->find(kRuleTemplateName);
  return found == definitions->end() ? std::vector<TemplateReference>()
                                     : Collector().Collect(found->second->body);
}

}  // namespace tocsin::lint
