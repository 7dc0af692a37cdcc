// Databases that the collector `sql` reads in tests.

#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/sqlite.h"
#include "collectors/sql_queries/collector.h"
#include "tests/collectors/sql/watcher.h"
#include "tests/support/postgres_server.h"
#include "tests/support/temporary_folder.h"

namespace tocsin::collectors::sql_queries {

/// A database, and a configuration's words for where it is. Statements must be such as both kinds
/// understand.
class TestDatabase {
 public:
  TestDatabase() = default;
  virtual ~TestDatabase() = default;
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  virtual void Execute(const std::string& statements) = 0;
  virtual std::string Source() const = 0;

  std::filesystem::path state_file() const { return folder_.path() / "state.json"; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  /// A collector with these items of `queries`.
  SqlWatcher Watch(const std::string& queries) const {
    return SqlWatcher(Configured(Configure, Source() + "\nqueries:\n" + queries), state_file());
  }

 private:
  TemporaryFolder folder_;
};

class SqliteTestDatabase final : public TestDatabase {
 public:
  SqliteTestDatabase() { Execute(""); }
  void Execute(const std::string& statements) override {
    Result<SqliteDatabase> file =
        SqliteDatabase::Open(folder() / "x.db", SqliteDatabase::Mode::kReadWrite);
    if (!file) throw std::runtime_error(file.error().message);
    const Status done = file->Execute("PRAGMA user_version = 1;" + statements);
    if (!done) throw std::runtime_error(done.error().message);
  }
  std::string Source() const override {
    return "sqlite: {path: " + (folder() / "x.db").string() + "}";
  }
};

/// A schema of its own, read by a role that may only SELECT.
class PostgresTestDatabase final : public TestDatabase {
 public:
  PostgresTestDatabase() : server_(PostgresServer::Shared()) {
    server_.Start();
    server_.Execute(
        "DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop;"
        "DO $$ BEGIN CREATE ROLE shop_reader LOGIN PASSWORD 'reader'; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "ALTER ROLE shop_reader SET search_path = shop; GRANT USAGE ON SCHEMA shop TO shop_reader;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO shop_reader");
  }
  ~PostgresTestDatabase() override { server_.Execute("DROP SCHEMA IF EXISTS shop CASCADE"); }

  PostgresServer& server() { return server_; }
  void Execute(const std::string& statements) override {
    server_.Execute("SET search_path = shop; " + statements);
  }
  std::string Source() const override {
    return "postgres: " + PostgresYaml(server_, "shop_reader", "reader");
  }

 private:
  PostgresServer& server_;
};

/// Runs `test` on an empty database of each kind; on PostgreSQL only where a server is installed.
template <class Test>
void OnEachDatabase(const Test& test) {
  BOOST_TEST_CONTEXT("SQLite") {
    SqliteTestDatabase database;
    test(database);
  }
  if (!PostgresServer::IsInstalled()) return;
  BOOST_TEST_CONTEXT("PostgreSQL") {
    PostgresTestDatabase database;
    test(database);
  }
}

}  // namespace tocsin::collectors::sql_queries
