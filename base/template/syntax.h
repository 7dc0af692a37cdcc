// The tree of a parsed template. Positions are byte offsets in its source.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::text_template {

/// A place in the source, for errors. The two differ because Go says where the last part of
/// `$x.y` begins, and prints all of it.
struct Place {
  std::size_t position = 0;  ///< What line and column are computed from.
  std::size_t begin = 0;     ///< The text shown in the error.
  std::size_t end = 0;
};

/// A constant number, which becomes an integer or a float where it is used.
struct Number {
  bool is_integer = false;     ///< Has an exact integer value.
  bool is_float_text = false;  ///< Written with a point or an exponent.
  std::int64_t integer = 0;
  double number = 0;
};

struct Pipeline;

/// A word of a command: `.Labels.job`, `$x.y`, `5`, `"text"`, `printf`, `(index .A 0).B`.
struct Operand {
  enum class Kind { kDot, kNil, kBool, kNumber, kString, kField, kVariable, kFunction, kPipeline };

  Kind kind = Kind::kDot;
  Place place = {};
  /// The text of kString, and the name of kVariable (with its $) and kFunction.
  std::string text = {};
  bool boolean = false;
  Number number = {};
  std::vector<std::string> fields = {};  ///< What follows after points.
  std::unique_ptr<Pipeline> pipeline = nullptr;
};

/// A function, a method or a value with its arguments.
struct Command {
  Place place = {};
  std::vector<Operand> words = {};  ///< At least one.
};

/// Commands, each with the one before as its last argument, and the variables that get the result.
struct Pipeline {
  Place place = {};
  std::vector<std::string> variables = {};  ///< With their $. At most two, and two only in `range`.
  bool is_assignment = false;               ///< `=`, not `:=`.
  std::vector<Command> commands = {};       ///< At least one.
};

struct Statement;
using Block = std::vector<Statement>;

/// What stands between two pairs of braces, with what belongs to it, or plain text.
struct Statement {
  enum class Kind { kText, kAction, kIf, kRange, kWith, kTemplate, kBreak, kContinue };

  Kind kind = Kind::kText;
  Place place = {};
  std::string text = {};                         ///< Of kText; of kTemplate the name.
  std::unique_ptr<Pipeline> pipeline = nullptr;  ///< Null in kTemplate for nil.
  Block body = {};
  Block otherwise = {};
};

/// A template with a name: the whole text, or a `define` in it.
struct Definition {
  std::string name = {};
  std::string source_name = {};  ///< The name of the text it stands in.
  std::shared_ptr<const std::string> source = nullptr;
  Block body = {};
};

using Definitions = std::map<std::string, std::shared_ptr<const Definition>, std::less<>>;

}  // namespace tocsin::text_template
