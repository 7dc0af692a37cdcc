"""The collector `postgres` in the whole program: a server in use, one that is restarted, hung, and one with its
statements watched."""
import harness
from postgres import PostgresTestCase
from prometheus import promtool_findings
from tocsin import Tocsin


class PostgresCollectorTest(PostgresTestCase):
    def server_config(self, user=None):
        return ("storage: {path: state}\ncollectors:\n  - type: postgres\n    interval: 200ms\n    stale_after: 1s\n"
                f"    postgres: {{host: 127.0.0.1, port: {self.postgres.port}, database: {self.postgres.DATABASE}, "
                f"user: {user or self.postgres.USER}, sslmode: disable, password: {self.postgres.password}}}\n")

    def test_a_server_in_use(self):
        tocsin = self.enter(Tocsin(self.server_config()))
        page = tocsin.wait_until_up()
        self.assertEqual(promtool_findings(page.text), (0, ""))
        self.assertEqual(page.value("pg_up"), 1)
        self.assertEqual(page.value("pg_settings_max_connections"), 60)
        states = {"datname": self.postgres.DATABASE, "state": "idle in transaction"}
        self.assertEqual(page.value("pg_stat_activity_count", **states), 0)
        with self.postgres.session("BEGIN; CREATE TABLE held (id int); LOCK TABLE held;"):
            tocsin.wait_until("the open transaction", lambda page: (
                page.value("pg_stat_activity_count", **states) == 1
                and page.value("pg_stat_activity_max_tx_duration", **states) > 0.2
                and page.value("pg_locks_count", datname=self.postgres.DATABASE, mode="accessexclusivelock") >= 1
                and page.value("pg_application_connections", application_name="psql", state="idle in transaction")
                == 1))
        tocsin.wait_until("its end", lambda page: page.value("pg_stat_activity_count", **states) == 0)

    def test_what_waits_for_a_lock_shows(self):
        self.postgres.sql("CREATE TABLE held (id int)")
        tocsin = self.enter(Tocsin(self.server_config()))
        with self.postgres.session("BEGIN; LOCK TABLE held;"):
            waiting = harness.Process([*self.postgres.psql(), "--command", "SELECT * FROM held"])
            self.addCleanup(waiting.end)
            tocsin.wait_until("one that waits", lambda page: page.value(
                "pg_stat_activity_lock_waiters", datname=self.postgres.DATABASE) == 1)

    def test_a_restarted_and_a_hung_server(self):
        tocsin = self.enter(Tocsin(self.server_config()))
        started = tocsin.wait_until_up().value("pg_postmaster_start_time_seconds")
        self.postgres.stop()
        tocsin.wait_until("its series to go", lambda page: not page.has("pg_up"))
        self.postgres.start()
        page = tocsin.wait_until_up()
        self.assertGreater(page.value("pg_postmaster_start_time_seconds"), started)
        self.postgres.suspend()
        tocsin.wait_until("the timeout", lambda page: page.value("tocsin_collector_up") == 0 and page.value(
            "tocsin_collector_errors_total", reason="timeout") > 0)
        self.postgres.resume()
        tocsin.wait_until_up()
        harness.wait_for("one connection", lambda: self.postgres.sessions() == 1)

    def _restart(self, setting):
        self.postgres.sql(setting)
        self.postgres.stop()
        self.postgres.start()

    def test_the_statements_that_take_most_time(self):
        self._restart("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        self.addCleanup(self._restart, "ALTER SYSTEM RESET shared_preload_libraries")
        self.postgres.sql("CREATE SCHEMA \"odd \"\"name\"; CREATE EXTENSION pg_stat_statements SCHEMA \"odd \"\"name\";"
                          "SELECT count(*) FROM generate_series(1, 100000)")
        tocsin = self.enter(Tocsin(self.server_config()))
        page = tocsin.wait_until_up()
        calls = page.series("pg_stat_statements_calls_total", datname=self.postgres.DATABASE)
        self.assertTrue(calls)
        self.assertEqual({labels["user"] for labels, _ in calls}, {self.postgres.USER})
        slowest = max(value for _, value in page.series("pg_stat_statements_seconds_total"))
        self.assertGreater(slowest, 0)
        self.assertEqual(page.value("tocsin_collector_errors_total", reason="schema"), 0)

    def test_a_role_without_rights(self):
        self.postgres.sql("DROP ROLE IF EXISTS few; "
                          f"CREATE ROLE few LOGIN PASSWORD '{self.postgres.password}'")
        with self.postgres.session("SELECT 1;"):
            tocsin = self.enter(Tocsin(self.server_config(user="few")))
            page = tocsin.wait_until_up()
            self.assertEqual(
                page.value("pg_stat_activity_count", datname=self.postgres.DATABASE, state="unknown"), 1)
            self.assertGreater(page.value("tocsin_collector_errors_total", reason="auth"), 0)
            tocsin.wait_for_log("pg_monitor")
            self.assertTrue(page.has("pg_database_size_bytes", datname=self.postgres.DATABASE))
