// One libpq connection that never blocks.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/background_call.h"
#include "collectors/collector.h"
#include "collectors/socket_wait.h"
#include "collectors/sql/connection.h"
#include "collectors/sql/postgres_options.h"

struct pg_conn;
struct pg_result;

namespace tocsin::collectors {

/// One session on the server, from the first packet to the last. What does not finish within an
/// attempt, the log-in, the end of a cancelled statement or the cancellation itself, is taken up
/// again by MakeReady() in the next one. One thread at a time.
class PostgresSession {
 public:
  /// Begins to connect to the first of `addresses` that answers; waits for nothing. `addresses` is
  /// empty for a Unix socket. Reads the password: fails with kDenied if it cannot.
  static Result<std::unique_ptr<PostgresSession>> Start(const PostgresOptions& options,
                                                        const std::vector<std::string>& addresses);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Waits until the session can take a statement. After kTimeout it may be called again; after any
  /// other error the session is dead.
  Status MakeReady(const Attempt& attempt);

  /// Runs one statement; only after MakeReady() succeeded. At the end of the attempt the statement
  /// is cancelled on the server, and the answer to that waited for a little.
  Result<SqlRows> Run(const std::string& statement, std::span<const SqlParameter> parameters,
                      const Attempt& attempt);

  /// The log-in is done and the connection was not lost since.
  bool IsConnected() const { return state_ == State::kReady || state_ == State::kAbandoned; }
  bool IsDead() const { return state_ == State::kDead; }

  /// How long the server has owed us an answer; zero if it does not.
  Duration Waiting() const;

 private:
  enum class State {
    kConnecting,
    kReady,
    kAbandoned,   ///< A statement was cancelled, but its end is not seen yet.
    kCancelling,  ///< The session is closed; what is left is a cancellation that is not taken yet.
    kDead,
  };
  struct ConnectionCloser {
    void operator()(pg_conn* connection) const;
  };
  struct ResultCloser {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, ResultCloser>;
  using Parameters = std::span<const SqlParameter>;
  /// The rows of one statement as they come in, and the first thing that went wrong with it.
  struct Reading {
    SqlRows rows{0};
    std::size_t bytes = 0;
    std::string sql_state;
    std::optional<Error> error;
  };

  explicit PostgresSession(pg_conn* connection) : connection_(connection) {}

  Status FinishConnecting(const SocketWait& wait);
  Status FinishAbandoned(const SocketWait& wait);
  Status FinishCancelling(const Attempt& attempt);
  void Abandon();
  Error Die();

  /// False at the end of the attempt. What is not sent yet goes out meanwhile.
  bool AwaitAnswer(const SocketWait& wait);
  Result<Reading> Read(const SocketWait& wait);
  void Take(const pg_result& answer, Reading& reading) const;
  Status Prepare(const std::string& name, const std::string& statement, const SocketWait& wait);
  Result<Reading> Execute(const std::string& name, Parameters parameters, const SocketWait& wait);
  Status Forget(const std::string& statement, std::string_view sql_state, const SocketWait& wait);
  Result<Reading> RunSimple(const std::string& statement, const SocketWait& wait);
  Result<Reading> RunPrepared(const std::string& statement, Parameters parameters,
                              const SocketWait& wait);

  std::unique_ptr<pg_conn, ConnectionCloser> connection_;  ///< Null in kCancelling.
  PostgresProtocol protocol_ = PostgresProtocol::kExtended;
  State state_ = State::kConnecting;
  int next_step_ = 0;  // PostgresPollingStatusType, while connecting.
  std::unordered_map<std::string, std::string> prepared_;  // Statement to name.
  std::uint64_t prepared_names_ = 0;
  std::optional<BackgroundCall<bool>> cancel_;
  /// Since when the server owes us an answer.
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

}  // namespace tocsin::collectors
