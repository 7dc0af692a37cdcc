"""Whether what is said of a Dagster stays true when clocks, zones, rows and the network are not as they should be."""
import select
import socket
import threading
import time

import harness
from dagster_database import DagsterDatabase, literal, naive
from postgres import PostgresTestCase
from tocsin import Tocsin

HOURS_14 = 14 * 3600


class StallingProxy:
    """Passes TCP connections on to a port, until it is told to stall: then nothing goes through, either way."""

    def __init__(self, port):
        self._target = port
        self._running = threading.Event()
        self._flowing = threading.Event()
        self._flowing.set()
        self._threads = []

    def __enter__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(16)
        self.port = self._listener.getsockname()[1]
        self._running.set()
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self._running.clear()
        self._flowing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def stall(self):
        self._flowing.clear()

    def flow(self):
        self._flowing.set()

    def _start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while self._running.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                self._start(self._pass_on, self._listener.accept()[0])

    def _pass_on(self, client):
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            while self._running.is_set():
                self._flowing.wait()
                for end in select.select([client, server], [], [], 0.05)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    self._flowing.wait()
                    (server if end is client else client).sendall(data)


class FaultTest(PostgresTestCase):
    def setUp(self):
        self.dagster = DagsterDatabase(self.postgres)

    def failed_runs(self, page):
        return sum(value for _, value in page.series("dagster_runs_failed_total"))

    def wait_for_failed_runs(self, tocsin, count):
        """Waits until that many are counted, and a collection later they still are."""
        page = tocsin.wait_until(f"{count} failed runs", lambda page: self.failed_runs(page) == count)
        page = self.next_page(tocsin, page)
        self.assertEqual(self.failed_runs(page), count)

    def next_page(self, tocsin, page=None):
        """The page of a collection that began after now."""
        began = time.time()
        last = "tocsin_collector_last_success_timestamp_seconds"
        return tocsin.wait_until("another collection", lambda page: page.value(last) > began + 0.5)

    def test_a_network_that_stalls_is_a_timeout_and_recovers(self):
        proxy = self.enter(StallingProxy(self.postgres.port))
        config = self.config(stale_after="1s").replace(f"port: {self.postgres.port}", f"port: {proxy.port}")
        tocsin = self.enter(Tocsin(config))
        tocsin.wait_until_up()
        proxy.stall()
        tocsin.wait_until("a timeout", lambda page: page.value("tocsin_collector_up") == 0 and page.value(
            "tocsin_collector_errors_total", reason="timeout") > 0)
        tocsin.wait_until("its series to go", lambda page: not page.has("dagster_runs_in_flight"))
        proxy.flow()
        tocsin.wait_until_up()
        self.assertTrue(tocsin.page().has("dagster_runs_in_flight"))

    def test_deleted_rows_lower_no_total(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_whole()
        self.dagster.add_runs("FAILURE", count=7)
        self.wait_for_failed_runs(tocsin, 7)
        self.postgres.sql("DELETE FROM runs")
        page = self.next_page(tocsin)
        self.assertEqual(self.failed_runs(page), 7)
        self.assertEqual(page.value("dagster_runs_finished_last_hour", status="FAILURE"), 0)
        self.dagster.add_runs("FAILURE", count=2)
        self.wait_for_failed_runs(tocsin, 9)

    def test_a_writer_14_hours_ahead_hides_nobody_else(self):
        tocsin = self.enter(Tocsin(self.config()))
        tocsin.wait_until_whole()
        ahead = time.time() + HOURS_14
        self.postgres.sql(
            "INSERT INTO runs (run_id, pipeline_name, status, run_body, create_timestamp, update_timestamp, "
            f"start_time, end_time) VALUES ('ahead', 'etl', 'FAILURE', '{{}}', {naive(ahead)}, {naive(ahead)}, "
            f"{ahead}, {ahead})")
        self.dagster.beat("SENSOR", seconds_ago=-HOURS_14)
        self.wait_for_failed_runs(tocsin, 1)
        self.dagster.add_runs("FAILURE", count=3)
        self.wait_for_failed_runs(tocsin, 4)
        page = tocsin.page()
        self.assertEqual(page.value("dagster_daemon_heartbeat_age_seconds", daemon_type="SENSOR"), 0)

    def test_a_role_with_another_time_zone_changes_nothing(self):
        self.postgres.sql(f"ALTER ROLE {self.postgres.USER} SET timezone = 'Asia/Tokyo'")
        self.addCleanup(self.postgres.sql, f"ALTER ROLE {self.postgres.USER} RESET timezone", "postgres")
        self.dagster.add_runs("QUEUED")
        tocsin = self.enter(Tocsin(self.config()))
        page = tocsin.wait_until_up()
        self.assertEqual(page.value("dagster_database_timezone_offset_seconds"), 0)
        self.assertLess(page.value("dagster_oldest_queued_run_age_seconds"), 600)
        self.assertLess(page.value("dagster_daemon_heartbeat_age_seconds", daemon_type="SENSOR"), 600)

    def test_a_writer_in_another_time_zone_is_seen_and_corrected(self):
        self.postgres.sql("UPDATE daemon_heartbeats SET timestamp = timestamp - interval '5 hours'")
        self.dagster.add_runs("QUEUED")
        self.postgres.sql("UPDATE runs SET create_timestamp = create_timestamp - interval '5 hours', "
                          "update_timestamp = update_timestamp - interval '5 hours'")
        tocsin = self.enter(Tocsin(self.config()))
        page = tocsin.wait_until_up()
        self.assertEqual(page.value("dagster_database_timezone_offset_seconds"), -5 * 3600)
        self.assertLess(page.value("dagster_oldest_queued_run_age_seconds"), 600)
        self.assertLess(page.value("dagster_daemon_heartbeat_age_seconds", daemon_type="SENSOR"), 600)

    def test_req_10_more_series_than_allowed_are_dropped_and_counted(self):
        self.postgres.sql(
            "INSERT INTO concurrency_limits (concurrency_key, \"limit\") "
            "SELECT 'pool-' || i, 1 FROM generate_series(1, 5000) AS i")
        tocsin = self.enter(Tocsin(self.config(interval="1h", timeout="20s", max_series="1000")))
        page = tocsin.wait_until_up()
        self.assertEqual(len(page.series("dagster_concurrency_slots")), 1000)
        self.assertEqual(page.value("tocsin_samples_dropped_total", reason="overflow"), 4 * 4000)
        self.assertTrue(page.has("dagster_runs_in_flight"))

    def test_contracts_fail_apart(self):
        """The contract monitor's tables in a database of their own: a second source beside Dagster's."""
        self.postgres.sql("DROP DATABASE IF EXISTS floe_monitoring WITH (FORCE)", database="postgres")
        self.postgres.sql("CREATE DATABASE floe_monitoring", database="postgres")
        schema = harness.FIXTURES / "dagster" / "floe_monitoring.sql"
        self.postgres.sql(schema.read_text(encoding="utf-8"), database="floe_monitoring")
        contracts = (f"{{postgres: {{host: 127.0.0.1, port: {self.postgres.port}, database: floe_monitoring, "
                     f"user: {self.postgres.USER}, password: {self.postgres.password}, sslmode: disable}}}}")
        tocsin = self.enter(Tocsin(self.config(interval="2s", contracts=contracts)))
        tocsin.wait_until("both sources", lambda page: page.values("tocsin_collector_source_up", "source") == {
            "database": 1, "contracts": 1})
        self.violate(3)
        labels = {"severity": "error", "violation_type": "quality"}
        tocsin.wait_until("three violations", lambda page: page.value(
            "floe_contract_violations_total", **labels) == 3)

        self.postgres.sql("ALTER DATABASE floe_monitoring ALLOW_CONNECTIONS false; "
                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = 'floe_monitoring'", database="postgres")
        page = tocsin.wait_until("contracts to fail", lambda page: page.value(
            "tocsin_collector_source_up", source="contracts") == 0)
        self.assertFalse(page.has("floe_contract_violations_total"))
        self.assertTrue(page.has("dagster_runs_in_flight"))
        self.assertEqual(page.value("tocsin_collector_up"), 1)

        self.postgres.sql("ALTER DATABASE floe_monitoring ALLOW_CONNECTIONS true", database="postgres")
        self.violate(2)
        tocsin.wait_until("two more violations", lambda page: page.has("floe_contract_violations_total")
                          and page.value("floe_contract_violations_total", **labels) == 5)
        tocsin.restart()
        tocsin.wait_until("what was counted before", lambda page: page.has("floe_contract_violations_total")
                          and page.value("floe_contract_violations_total", **labels) == 5)

    def violate(self, count):
        self.postgres.sql(
            "INSERT INTO contract_violations (id, contract_name, contract_version, violation_type, severity, message, "
            "\"timestamp\", affected_consumers, check_duration_seconds, metadata) SELECT gen_random_uuid(), 'orders', "
            f"'1', 'quality', {literal('error')}, 'late', now(), '[]', 1, '{{}}' FROM generate_series(1, {count})",
            database="floe_monitoring")
