// SqlConnection over libpq.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collectors/host_lookup.h"
#include "collectors/sql/connection.h"
#include "collectors/sql/postgres_options.h"

namespace tocsin::collectors {

class PostgresSession;

/// One session on a PostgreSQL server, as role and database of `options`, read-only, in UTC, under
/// the application name "tocsin". Statements are prepared once per session; parameters have the
/// types that the server infers from the statement, so write `$1::bigint` where it cannot. Cells
/// are texts as the server writes them: booleans are "t" and "f".
///
/// With PostgresProtocol::kSimple nothing is prepared or set, and there are no parameters.
///
/// Everything obeys the attempt: looking up the host, connecting, logging in, the statement. A
/// statement that is not done by then is cancelled on the server.
///
/// There is never more than one connection, plus, for half a second at most, the one that a
/// cancellation needs. A server that does not even take a cancellation loses the session and keeps
/// the cancellation; one that stopped in the middle of a log-in keeps that connection. Either is
/// waited for by the next Query(), for up to five minutes, which opens no other meanwhile. A
/// connection that died while it was idle is replaced, and the statement, which can only read, is
/// sent again.
class PostgresConnection final : public SqlConnection {
 public:
  /// Connects to nothing yet.
  explicit PostgresConnection(PostgresOptions options);
  ~PostgresConnection() override;

  Result<SqlRows> Query(const std::string& statement, std::span<const SqlParameter> parameters,
                        const Attempt& attempt) override;
  bool is_open() const override;
  std::uint64_t generation() const override { return generation_; }

 private:
  Status MakeReady(const Attempt& attempt);
  Result<SqlRows> QueryOnce(const std::string& statement, std::span<const SqlParameter> parameters,
                            const Attempt& attempt);

  const PostgresOptions options_;
  HostLookup lookup_;
  std::unique_ptr<PostgresSession> session_;
  std::uint64_t generation_ = 0;
};

}  // namespace tocsin::collectors
