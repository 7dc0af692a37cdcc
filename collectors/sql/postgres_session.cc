#include "collectors/sql/postgres_session.h"

#include <poll.h>

#include <array>
#include <cassert>
#include <utility>

#include <libpq-fe.h>

#include "base/number.h"
#include "collectors/sql/postgres_error.h"

namespace tocsin::collectors {
namespace {

/// Most text of one answer, so that a few enormous cells cannot exhaust the memory.
constexpr std::size_t kMostBytes = std::size_t{256} << 20;
/// A collector has a closed set of statements; this only bounds a mistake.
constexpr std::size_t kMostPrepared = 256;

/// libpq takes keywords and values as two arrays of C strings.
class ConnectParameters {
 public:
  void Add(const char* keyword, std::string value) {
    keywords_.push_back(keyword);
    values_.push_back(std::move(value));
  }

  PGconn* Start() const {
    std::vector<const char*> keywords = keywords_;
    std::vector<const char*> values;
    values.reserve(values_.size() + 1);
    for (const std::string& value : values_) values.push_back(value.c_str());
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0);
  }

 private:
  std::vector<const char*> keywords_;
  std::vector<std::string> values_;
};

/// One address per entry, and the name beside each: certificates are checked against the name.
void AddHosts(const PostgresOptions& options, const std::vector<std::string>& addresses,
              ConnectParameters& parameters) {
  std::string hosts = options.host;
  std::string numeric;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i > 0) hosts += "," + options.host;
    numeric += (i > 0 ? "," : "") + addresses[i];
  }
  parameters.Add("host", hosts);
  parameters.Add("hostaddr", numeric);
}

/// The settings of the session, as command-line options of its server process.
std::string SessionSettings(const PostgresOptions& options) {
  return "-c TimeZone=UTC -c DateStyle=ISO -c default_transaction_read_only=on"
         " -c statement_timeout=" +
         std::to_string(options.statement_timeout.count()) +
         " -c lock_timeout=" + std::to_string(options.lock_timeout.count());
}

ConnectParameters ParametersOf(const PostgresOptions& options,
                               const std::vector<std::string>& addresses, const Secret& password) {
  ConnectParameters parameters;
  AddHosts(options, addresses, parameters);
  parameters.Add("port", std::to_string(options.port));
  parameters.Add("dbname", options.database);
  parameters.Add("user", options.user);
  parameters.Add("password", password.Reveal());
  parameters.Add("sslmode", options.sslmode);
  parameters.Add("sslrootcert", options.sslrootcert);
  parameters.Add("sslcert", options.sslcert);
  parameters.Add("sslkey", options.sslkey);
  // Kerberos would ask its own servers, and block.
  parameters.Add("gssencmode", "disable");
  parameters.Add("application_name", "tocsin");
  parameters.Add("client_encoding", "UTF8");
  if (options.protocol == PostgresProtocol::kExtended) {
    parameters.Add("options", SessionSettings(options));
  }
  // A machine that has vanished is noticed in about 25 s, and an address that swallows packets
  // makes way for the next one after 10 s.
  parameters.Add("keepalives", "1");
  parameters.Add("keepalives_idle", "10");
  parameters.Add("keepalives_interval", "5");
  parameters.Add("keepalives_count", "3");
  parameters.Add("tcp_user_timeout", "10000");
  return parameters;
}

void IgnoreNotice(void* /*context*/, const PGresult* /*notice*/) {}

/// Parameters as libpq wants them: texts, or null pointers for NULL.
class TextParameters {
 public:
  explicit TextParameters(std::span<const SqlParameter> parameters) {
    texts_.reserve(parameters.size());  // The pointers below must stay good.
    for (const SqlParameter& parameter : parameters) {
      // `this->`, because clang 14 does not see that only some of the overloads are static.
      pointers_.push_back(
          std::visit([this](const auto& value) { return this->Keep(value); }, parameter));
    }
  }

  int size() const { return static_cast<int>(pointers_.size()); }
  const char* const* data() const { return pointers_.data(); }

 private:
  static const char* Keep(std::nullptr_t) { return nullptr; }
  static const char* Keep(const std::string& text) { return text.c_str(); }
  const char* Keep(std::int64_t value) {
    return texts_.emplace_back(std::to_string(value)).c_str();
  }
  const char* Keep(double value) { return texts_.emplace_back(FormatNumber(value)).c_str(); }

  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

std::vector<std::string> ColumnNames(const PGresult& answer) {
  std::vector<std::string> names;
  const int columns = PQnfields(&answer);
  names.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) names.emplace_back(PQfname(&answer, column));
  return names;
}

/// PQcancel() opens a connection of its own and waits for its end. Nothing of the session is
/// touched.
Result<BackgroundCall<bool>> StartCancel(PGconn* connection) {
  const std::shared_ptr<PGcancel> cancel(PQgetCancel(connection), PQfreeCancel);
  return BackgroundCall<bool>::Start([cancel] {
    std::array<char, 256> complaint = {};
    return cancel != nullptr &&
           PQcancel(cancel.get(), complaint.data(), static_cast<int>(complaint.size())) == 1;
  });
}

Error Late() {
  return {ErrorCode::kTimeout, "the server has not ended the last statement yet"};
}

/// A prepared statement whose tables have changed; but also any that the server does not support.
constexpr std::string_view kUnsupported = "0A000";

/// Whether a prepared statement must be prepared anew: its tables have changed, or a pooler has
/// given us another server process.
bool IsOutdated(std::string_view sql_state) {
  return sql_state == kUnsupported || sql_state == "26000";
}

}  // namespace

void PostgresSession::ConnectionCloser::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

void PostgresSession::ResultCloser::operator()(pg_result* result) const {
  PQclear(result);
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::Start(
    const PostgresOptions& options, const std::vector<std::string>& addresses) {
  const Result<Secret> password = options.password.Read();
  if (!password) return password.error().Within("reading the password");
  PGconn* const connection = ParametersOf(options, addresses, *password).Start();
  if (connection == nullptr) return Error{ErrorCode::kUnavailable, "out of memory"};
  std::unique_ptr<PostgresSession> session(new PostgresSession(connection));
  if (PQstatus(connection) == CONNECTION_BAD) return ConnectError(PQerrorMessage(connection));
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);  // See ConnectError().
  PQsetNoticeReceiver(connection, &IgnoreNotice, nullptr);
  session->protocol_ = options.protocol;
  session->next_step_ = PGRES_POLLING_WRITING;  // As the documentation of PQconnectPoll() asks.
  session->waiting_since_ = std::chrono::steady_clock::now();
  return session;
}

PostgresSession::~PostgresSession() = default;

Duration PostgresSession::Waiting() const {
  if (!waiting_since_) return Duration::zero();
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - *waiting_since_);
}

Status PostgresSession::MakeReady(const Attempt& attempt) {
  const SocketWait wait(attempt);
  if (state_ == State::kConnecting) return FinishConnecting(wait);
  if (state_ == State::kAbandoned) return FinishAbandoned(wait);
  if (state_ == State::kCancelling) return FinishCancelling(attempt);
  return {};
}

Status PostgresSession::FinishConnecting(const SocketWait& wait) {
  while (next_step_ != PGRES_POLLING_OK) {
    if (next_step_ == PGRES_POLLING_FAILED) {
      state_ = State::kDead;
      Error error = ConnectError(PQerrorMessage(connection_.get()));
      if (PQconnectionNeedsPassword(connection_.get()) == 1) error.code = ErrorCode::kDenied;
      return error;
    }
    const short events = next_step_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    // libpq may have moved on to another address, and so to another socket.
    if (!wait.For(PQsocket(connection_.get()), events)) {
      return Error{ErrorCode::kTimeout, "connecting: no answer in time"};
    }
    next_step_ = PQconnectPoll(connection_.get());
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection_.get(), 1) != 0) return Die();
  state_ = State::kReady;
  waiting_since_.reset();
  return {};
}

/// Reads what is left of an abandoned statement.
Status PostgresSession::FinishAbandoned(const SocketWait& wait) {
  for (;;) {
    if (!AwaitAnswer(wait)) {
      Abandon();  // The cancellation has gone unheard.
      return Late();
    }
    if (Answer(PQgetResult(connection_.get())) == nullptr) break;
    if (PQstatus(connection_.get()) == CONNECTION_BAD) break;
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return Die();
  state_ = State::kReady;
  waiting_since_.reset();
  return {};
}

/// Waits until the server has taken the cancellation: until then, that is our connection.
Status PostgresSession::FinishCancelling(const Attempt& attempt) {
  if (cancel_->Wait(attempt) == nullptr) return Late();
  state_ = State::kDead;
  return Error{ErrorCode::kUnavailable, "the session was given up"};
}

/// Cancels what runs on the server and waits briefly for the answer, whatever became of the
/// attempt. A server that does not even take the cancellation loses the session: libpq 15 holds a
/// connection for the cancellation until the server closes it, and two are one too many.
void PostgresSession::Abandon() {
  state_ = State::kAbandoned;
  if (!waiting_since_) waiting_since_ = std::chrono::steady_clock::now();
  // Without a thread for it, the server's own statement timeout has to do.
  if (Result<BackgroundCall<bool>> started = StartCancel(connection_.get()); started) {
    cancel_ = std::move(*started);
  }
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  const Attempt grace{now + kCancelGrace, {}};
  const SocketWait wait(grace);
  bool is_over = false;
  while (!is_over && AwaitAnswer(wait)) {
    is_over = Answer(PQgetResult(connection_.get())) == nullptr;
  }
  // One that comes late might hit the next statement.
  if (cancel_ && cancel_->Wait(grace) == nullptr) {
    connection_.reset();
    state_ = State::kCancelling;
    return;
  }
  cancel_.reset();
  if (!is_over) return;
  waiting_since_.reset();
  state_ = PQstatus(connection_.get()) == CONNECTION_BAD ? State::kDead : State::kReady;
}

Error PostgresSession::Die() {
  state_ = State::kDead;
  return {ErrorCode::kUnavailable, InOneLine(PQerrorMessage(connection_.get()))};
}

bool PostgresSession::AwaitAnswer(const SocketWait& wait) {
  for (;;) {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) return true;  // PQgetResult() says what is wrong, without waiting.
    if (unsent == 0 && PQisBusy(connection_.get()) == 0) return true;
    const short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
    if (!wait.For(PQsocket(connection_.get()), events)) return false;
    if (PQconsumeInput(connection_.get()) == 0) return true;
  }
}

void PostgresSession::Take(const pg_result& answer, Reading& reading) const {
  const ExecStatusType status = PQresultStatus(&answer);
  if (status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return;
  if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) {
    if (reading.error) return;  // The first one is the cause of the others.
    const char* const state = PQresultErrorField(&answer, PG_DIAG_SQLSTATE);
    const char* const message = PQresultErrorField(&answer, PG_DIAG_MESSAGE_PRIMARY);
    reading.sql_state = state == nullptr ? "" : state;
    reading.error = Error{state == nullptr ? ErrorCode::kUnavailable : CodeOfSqlState(state),
                          InOneLine(message == nullptr ? PQresultErrorMessage(&answer) : message)};
    return;
  }
  const int columns = PQnfields(&answer);
  if (reading.rows.columns() == 0) reading.rows = SqlRows(ColumnNames(answer));
  for (int row = 0; row < PQntuples(&answer); ++row) {
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(&answer, row, column) == 1) {
        reading.rows.Append(std::nullopt);
        continue;
      }
      const auto size = static_cast<std::size_t>(PQgetlength(&answer, row, column));
      reading.rows.Append(std::string(PQgetvalue(&answer, row, column), size));
      reading.bytes += size;
    }
  }
}

/// Reads all answers to what was sent. Fails with kTimeout or kTooLarge, and then has abandoned it,
/// and when the connection is lost; what the server refuses is in the reading.
Result<PostgresSession::Reading> PostgresSession::Read(const SocketWait& wait) {
  Reading reading;
  for (;;) {
    if (!AwaitAnswer(wait)) {
      Abandon();
      return Error{ErrorCode::kTimeout,
                   state_ == State::kAbandoned || state_ == State::kCancelling
                       ? "no answer in time, and none to the cancellation either"
                       : "no answer in time; the statement was cancelled on the server"};
    }
    const Answer answer(PQgetResult(connection_.get()));
    if (answer == nullptr) break;
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      state_ = State::kDead;  // A copy has no end that could be skipped to.
      return Error{ErrorCode::kInvalidInput, "COPY is not supported"};
    }
    Take(*answer, reading);
    if (reading.rows.size() > kMostRows || reading.bytes > kMostBytes) {
      Abandon();
      return Error{ErrorCode::kTooLarge, "more than " + std::to_string(kMostRows) + " rows or " +
                                             std::to_string(kMostBytes >> 20) + " MiB"};
    }
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    state_ = State::kDead;
    if (!reading.error) return Die();
    return *reading.error;
  }
  return reading;
}

Status PostgresSession::Prepare(const std::string& name, const std::string& statement,
                                const SocketWait& wait) {
  if (PQsendPrepare(connection_.get(), name.c_str(), statement.c_str(), 0, nullptr) == 0) {
    return Die();
  }
  Result<Reading> reading = Read(wait);
  if (!reading) return reading.error();
  if (reading->error) return *reading->error;
  return {};
}

Result<PostgresSession::Reading> PostgresSession::Execute(const std::string& name,
                                                          Parameters parameters,
                                                          const SocketWait& wait) {
  const TextParameters texts(parameters);
  if (PQsendQueryPrepared(connection_.get(), name.c_str(), texts.size(), texts.data(), nullptr,
                          nullptr, 0) == 0) {
    return Die();
  }
  PQsetSingleRowMode(connection_.get());  // So that kMostRows also bounds libpq's memory.
  return Read(wait);
}

/// The server keeps a statement that it still has until it is told otherwise.
Status PostgresSession::Forget(const std::string& statement, std::string_view sql_state,
                               const SocketWait& wait) {
  const auto known = prepared_.find(statement);
  const std::string name = known->second;
  prepared_.erase(known);
  if (sql_state != kUnsupported) return {};
  const Result<Reading> reading = RunSimple("DEALLOCATE " + name, wait);
  if (!reading) return reading.error();
  return {};
}

Result<PostgresSession::Reading> PostgresSession::RunSimple(const std::string& statement,
                                                            const SocketWait& wait) {
  if (PQsendQuery(connection_.get(), statement.c_str()) == 0) return Die();
  PQsetSingleRowMode(connection_.get());
  return Read(wait);
}

Result<PostgresSession::Reading> PostgresSession::RunPrepared(const std::string& statement,
                                                              Parameters parameters,
                                                              const SocketWait& wait) {
  if (const auto known = prepared_.find(statement); known != prepared_.end()) {
    return Execute(known->second, parameters, wait);
  }
  // Beyond the limit, the unnamed statement serves, which each new one replaces.
  std::string name;
  if (prepared_.size() < kMostPrepared) name = "tocsin_" + std::to_string(++prepared_names_);
  if (const Status prepared = Prepare(name, statement, wait); !prepared) return prepared.error();
  if (!name.empty()) prepared_.emplace(statement, name);
  return Execute(name, parameters, wait);
}

Result<SqlRows> PostgresSession::Run(const std::string& statement, Parameters parameters,
                                     const Attempt& attempt) {
  assert(state_ == State::kReady);
  const SocketWait wait(attempt);
  const bool was_prepared = prepared_.contains(statement);
  assert(parameters.empty() || protocol_ == PostgresProtocol::kExtended);
  Result<Reading> reading = protocol_ == PostgresProtocol::kSimple
                                ? RunSimple(statement, wait)
                                : RunPrepared(statement, parameters, wait);
  if (reading && was_prepared && reading->error && IsOutdated(reading->sql_state)) {
    if (Status forgotten = Forget(statement, reading->sql_state, wait); !forgotten) {
      return forgotten.error();
    }
    reading = RunPrepared(statement, parameters, wait);
  }
  if (!reading) return reading.error();
  if (reading->error) return *reading->error;
  return std::move(reading->rows);
}

}  // namespace tocsin::collectors
