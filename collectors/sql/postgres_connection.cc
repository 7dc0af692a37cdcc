#include "collectors/sql/postgres_connection.h"

#include <utility>
#include <vector>

#include "collectors/sql/postgres_session.h"

namespace tocsin::collectors {
namespace {

/// How long a silent server is waited for on the same connection. Longer than any stall that it may
/// recover from, short enough to follow a name that points to another machine by now.
constexpr Duration kLongestSilence = std::chrono::minutes(5);

bool IsSocketFolder(const std::string& host) {
  return host.starts_with('/');
}

}  // namespace

PostgresConnection::PostgresConnection(PostgresOptions options)
    : options_(std::move(options)), lookup_(options_.host) {}

PostgresConnection::~PostgresConnection() = default;

bool PostgresConnection::is_open() const {
  return session_ != nullptr && session_->IsConnected();
}

Result<SqlRows> PostgresConnection::Query(const std::string& statement,
                                          std::span<const SqlParameter> parameters,
                                          const Attempt& attempt) {
  if (session_ && session_->Waiting() > kLongestSilence) session_.reset();
  const bool is_inherited = session_ != nullptr;
  Result<SqlRows> rows = QueryOnce(statement, parameters, attempt);
  // A session of an earlier attempt may have died long ago. Only a new one tells how the server is.
  if (!rows && is_inherited && !session_) rows = QueryOnce(statement, parameters, attempt);
  return rows;
}

Result<SqlRows> PostgresConnection::QueryOnce(const std::string& statement,
                                              std::span<const SqlParameter> parameters,
                                              const Attempt& attempt) {
  if (const Status ready = MakeReady(attempt); !ready) {
    if (session_ && session_->IsDead()) session_.reset();
    return ready.error();
  }
  Result<SqlRows> rows = session_->Run(statement, parameters, attempt);
  if (session_->IsDead()) session_.reset();
  return rows;
}

Status PostgresConnection::MakeReady(const Attempt& attempt) {
  if (!session_) {
    std::vector<std::string> addresses;
    if (!IsSocketFolder(options_.host)) {
      Result<std::vector<std::string>> found = lookup_.Addresses(attempt);
      if (!found) return found.error();
      addresses = std::move(*found);
    }
    Result<std::unique_ptr<PostgresSession>> started = PostgresSession::Start(options_, addresses);
    if (!started) return started.error();
    session_ = std::move(*started);
  }
  const bool was_connected = session_->IsConnected();
  Status ready = session_->MakeReady(attempt);
  if (ready && !was_connected) ++generation_;
  return ready;
}

}  // namespace tocsin::collectors
