// A connection that answers from a table, for what no real server can be brought to say.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "collectors/sql/connection.h"

namespace tocsin::collectors {

/// What a scripted connection says, shared with the test.
struct SqlScript {
  using Rows = std::vector<std::vector<SqlRows::Cell>>;
  struct Answer {
    std::string part;  ///< Answers statements with this in them; the first that fits counts.
    std::vector<std::string> names = {};
    Rows rows = {};
    std::optional<Error> error = std::nullopt;
  };

  std::vector<Answer> answers;
  std::vector<std::string> asked;  ///< Every statement, in order.
  std::uint64_t generation = 1;
  bool is_open = true;
  /// Called before each answer, if set.
  std::function<void(const std::string&)> before;
};

/// Statements that nothing in the script fits are refused as kNotFound. One thread at a time.
class ScriptedConnection final : public SqlConnection {
 public:
  explicit ScriptedConnection(std::shared_ptr<SqlScript> script) : script_(std::move(script)) {}

  Result<SqlRows> Query(const std::string& statement, std::span<const SqlParameter> /*parameters*/,
                        const Attempt& /*attempt*/) override {
    script_->asked.push_back(statement);
    if (script_->before) script_->before(statement);
    for (const SqlScript::Answer& answer : script_->answers) {
      if (statement.find(answer.part) == std::string::npos) continue;
      if (answer.error) return *answer.error;
      SqlRows rows(answer.names);
      for (const auto& row : answer.rows) {
        for (const SqlRows::Cell& cell : row) rows.Append(cell);
      }
      return rows;
    }
    return Error{ErrorCode::kNotFound, "not in the script: " + statement};
  }
  bool is_open() const override { return script_->is_open; }
  std::uint64_t generation() const override { return script_->generation; }

 private:
  std::shared_ptr<SqlScript> script_;
};

}  // namespace tocsin::collectors
