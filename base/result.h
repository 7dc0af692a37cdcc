// The project's one way to say "this did not work".

#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tocsin {

/// Why something failed, chosen by what the caller does next.
///
/// A failed collection is reported by one of these, as the `reason` label of
/// tocsin_collector_errors_total (see ReasonOf() in collectors/collector.h), so the set is closed.
enum class ErrorCode {
  kInvalidInput,  ///< The caller, a configuration or a query is wrong. Retrying cannot help.
  kNotFound,      ///< The thing asked for does not exist: a file, a table, a column.
  kUnavailable,   ///< It may work later: refused connection, HTTP 5xx, disk full.
  kTimeout,       ///< The deadline passed before an answer came.
  kDenied,        ///< Wrong password, missing privilege.
  kCorrupt,       ///< Data does not parse: ours, the kernel's, or a source's.
  kTooLarge,      ///< An answer was cut off at a limit.
};

/// Why an operation failed, in words for the operator and a code for the program.
struct Error {
  ErrorCode code;
  std::string message;  ///< Lower case, no final full stop: it is joined with ": ".

  /// Prefixes what was being attempted: Error{kCorrupt, "bad magic"}.Within("reading outbox")
  /// has the message "reading outbox: bad magic". The code is kept.
  [[nodiscard]] Error Within(std::string_view attempt) const;
};

/// Either a T or an Error. Ignoring one is a compile-time warning, which we build as an error.
///
///     Result<Config> config = LoadConfig(path);
///     if (!config) return config.error().Within("starting");
///     Serve(*config);
///
/// Reading the value of a failed Result, or the error of a good one, is a bug and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  const T& operator*() const { return *Checked(std::get_if<0>(&state_)); }
  T& operator*() { return *Checked(std::get_if<0>(&state_)); }
  const T* operator->() const { return Checked(std::get_if<0>(&state_)); }
  T* operator->() { return Checked(std::get_if<0>(&state_)); }
  const Error& error() const { return *Checked(std::get_if<1>(&state_)); }

 private:
  template <class P>
  static P Checked(P alternative) {
    assert(alternative != nullptr);
    return alternative;
  }

  std::variant<T, Error> state_;
};

/// A Result with nothing to return: `return {};` means it worked.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }
  const Error& error() const {
    assert(error_.has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace tocsin
