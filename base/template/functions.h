// The functions a template may call, by name.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/template/value.h"

namespace tocsin::text_template {

/// The longest text a function makes. Functions whose result could be much longer than their
/// arguments stop here; a template's own limit may be lower.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;

using Arguments = std::span<const Value>;

/// In the parameters of a function: any kind, also nil.
inline constexpr Kind kAnything = Kind::kNil;

/// A function, or a method, whose first argument is then the value it belongs to.
struct Function {
  /// The kinds of its arguments, which are checked before it is called. A constant such as 5 is
  /// taken for a float too; no other kind is converted.
  std::vector<Kind> parameters = {};
  /// Whether the last parameter stands for any number of arguments, also none.
  bool is_variadic = false;
  /// Called from every thread that executes a template. Its error's message is shown after
  /// "error calling NAME: ".
  std::function<Result<Value>(Arguments)> body = nullptr;
};

/// A set of functions, perhaps on top of another one. Safe for concurrent use once filled.
class Functions {
 public:
  Functions() = default;
  /// Everything in `below`, which must live longer, and what is added here, which wins.
  explicit Functions(const Functions* below) : below_(below) {}

  Functions& Add(std::string name, Function function) {
    functions_.insert_or_assign(std::move(name), std::move(function));
    return *this;
  }

  /// Null if there is none.
  const Function* Find(std::string_view name) const {
    const auto found = functions_.find(name);
    if (found != functions_.end()) return &found->second;
    return below_ == nullptr ? nullptr : below_->Find(name);
  }

 private:
  const Functions* below_ = nullptr;
  std::map<std::string, Function, std::less<>> functions_;
};

}  // namespace tocsin::text_template
