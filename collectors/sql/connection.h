// One connection to a relational database, whichever it is.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// A bound parameter: $1, $2 ... in the statement, for PostgreSQL and SQLite alike.
using SqlParameter = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

/// The rows that a statement gave. Owns its text.
class SqlRows {
 public:
  using Cell = std::optional<std::string>;  ///< No value: NULL.

  explicit SqlRows(std::size_t columns) : columns_(columns) {}
  /// `names` are those of the columns, one for each.
  explicit SqlRows(std::vector<std::string> names)
      : columns_(names.size()), names_(std::move(names)) {}

  /// The names of the columns as the database gave them; there even if it gave no rows. Empty only
  /// for rows that were made without names.
  const std::vector<std::string>& names() const { return names_; }
  /// The first column called `name`, letter for letter.
  std::optional<std::size_t> Find(std::string_view name) const;

  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  std::size_t columns() const { return columns_; }
  bool empty() const { return cells_.empty(); }
  void Append(Cell cell) { cells_.push_back(std::move(cell)); }

  const Cell& At(std::size_t row, std::size_t column) const {
    return cells_[row * columns_ + column];
  }
  /// The text of a cell, or "" for NULL.
  std::string_view Text(std::size_t row, std::size_t column) const;
  /// A cell as a number; nothing for NULL and for what is not a number.
  std::optional<double> Number(std::size_t row, std::size_t column) const;
  std::optional<std::int64_t> Integer(std::size_t row, std::size_t column) const;

 private:
  std::size_t columns_;
  std::vector<std::string> names_;
  std::vector<Cell> cells_;  // Row by row.
};

/// One statement at a time on one connection, which is opened when needed and kept.
///
/// Errors, the same for both databases: kUnavailable (cannot connect, connection lost), kDenied
/// (wrong password, missing privilege), kTimeout (the deadline, the statement or lock timeout),
/// kNotFound (no such table or column), kTooLarge (more rows than allowed), kCorrupt (the answer
/// makes no sense), kInvalidInput (anything else the database refuses). Messages never hold a
/// password.
///
/// After kTimeout the statement has been cancelled on the server. A server too stuck even for that
/// keeps its connection, and no other one is opened beside it until it has answered. One thread at
/// a time.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  /// Runs one statement. Opens the connection first if there is none, within the same deadline.
  virtual Result<SqlRows> Query(const std::string& statement,
                                std::span<const SqlParameter> parameters,
                                const Attempt& attempt) = 0;

  /// Whether a connection is open. Changes from false to true show that it was made anew.
  virtual bool is_open() const = 0;

  /// How many connections have been opened so far: a change means a new server session.
  virtual std::uint64_t generation() const = 0;
};

/// The text as a name in a statement, in quotes.
std::string SqlIdentifier(std::string_view name);

/// How much longer than its attempt Query() may take: to see a cancelled statement end.
inline constexpr Duration kCancelGrace{500};

/// Most rows that one statement may give; more fail with kTooLarge.
inline constexpr std::size_t kMostRows = 200'000;

}  // namespace tocsin::collectors
