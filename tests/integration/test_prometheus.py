"""A real Prometheus scrapes tocsin, and promtool reads what it serves."""
import gzip
import socket

import harness
from dagster_database import DAEMONS, DagsterDatabase
from postgres import PostgresTestCase
from prometheus import Prometheus, promtool_findings
from tocsin import Tocsin

# What Prometheus 2.42 asks for.
PROMETHEUS_ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


class PrometheusTest(PostgresTestCase):
    def setUp(self):
        self.dagster = DagsterDatabase(self.postgres)
        self.dagster.add_runs("QUEUED", 3)
        self.tocsin = self.enter(Tocsin(self.config()))
        self.tocsin.wait_until_whole()
        self.dagster.add_runs("SUCCESS", 2)
        self.tocsin.wait_until("two finished runs",
                               lambda page: sum(value for _, value in page.series(
                                   "dagster_completed_runs_total", status="success")) == 2)

    def test_a_real_prometheus_scrapes_it_as_openmetrics(self):
        prometheus = self.enter(Prometheus(self.tocsin.url.removeprefix("http://")))
        harness.wait_for("a scrape", lambda: prometheus.query("up == 1"))

        self.assertEqual(prometheus.target()["lastError"], "")
        ages = prometheus.query("dagster_daemon_heartbeat_age_seconds")
        self.assertEqual({labels["daemon_type"] for labels, _ in ages}, set(DAEMONS))
        self.assertEqual(prometheus.query('dagster_runs_in_flight{status="QUEUED"}')[0][1], 3)
        self.assertEqual(prometheus.query('sum(dagster_completed_runs_total{status="success"})')[0][1], 2)
        self.assertEqual(prometheus.query("tocsin_collector_up")[0][1], 1)
        # The histogram's buckets are cumulative and end at the count.
        self.assertTrue(prometheus.query('dagster_runs_duration_seconds_bucket{le="+Inf"} '
                                         "== ignoring(le) dagster_runs_duration_seconds_count"))
        # Only in the OpenMetrics form does a counter's metadata lack its _total.
        self.assertIn("dagster_completed_runs", prometheus.api("metadata"))

    def test_req_01_openmetrics_on_request(self):
        answer = self.tocsin.get("/metrics", {"Accept": "application/openmetrics-text;version=1.0.0"})
        self.assertEqual(answer.headers["Content-Type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(answer.text.endswith("\n# EOF\n"))
        self.assertEqual(answer.text.count("# EOF"), 1)

    def test_req_02_the_right_format_for_each_accept_header(self):
        text, openmetrics = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0"
        prometheus_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
                        "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
        for accept, expected in [
                (PROMETHEUS_ACCEPT, openmetrics),
                (prometheus_3, openmetrics),
                ("*/*", text),
                (None, text),
                ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.9", text),
                ("image/png", text),
        ]:
            with self.subTest(accept=accept):
                answer = self.tocsin.get("/metrics", {"Accept": accept} if accept else {})
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.headers["Content-Type"].startswith(expected), answer.headers["Content-Type"])

    def test_req_03_promtool_finds_nothing(self):
        self.assertEqual(promtool_findings(self.tocsin.get("/metrics").text), (0, ""))

    def test_req_04_compression_as_asked(self):
        for encoding, expected in [("gzip", "gzip"), ("zstd", "zstd"), ("identity", None), ("gzip;q=0", None),
                                   ("zstd;q=0, gzip", "gzip"), ("", None)]:
            with self.subTest(encoding=encoding):
                answer = self.tocsin.get("/metrics", {"Accept-Encoding": encoding})
                self.assertEqual(answer.headers["Content-Encoding"], expected)
                vary = {part.strip().lower() for part in answer.headers["Vary"].split(",")}
                self.assertEqual(vary, {"accept", "accept-encoding"})
                if expected == "gzip":
                    self.assertIn(b"dagster_runs_in_flight", gzip.decompress(answer.body))
                if expected == "zstd":
                    self.assertEqual(answer.body[:4], b"\x28\xb5\x2f\xfd")

    def test_req_05_http_manners(self):
        for method, path, expected in [("HEAD", "/metrics", 200), ("POST", "/metrics", 405), ("GET", "/nope", 404),
                                       ("GET", "/", 200), ("GET", "/-/reload", 405), ("GET", "/-/healthy", 200),
                                       ("GET", "/-/ready", 200), ("GET", "/health", 200), ("GET", "/ready", 200)]:
            with self.subTest(method=method, path=path):
                answer = self.tocsin.get(path, method=method)
                self.assertEqual(answer.status, expected)
                if method == "HEAD":
                    self.assertEqual(answer.body, b"")
                    self.assertGreater(int(answer.headers["Content-Length"]), 0)
        allowed = self.tocsin.get("/metrics", method="POST").headers["Allow"]
        self.assertEqual({part.strip() for part in allowed.split(",")}, {"GET", "HEAD"})

    def test_req_08_filters_by_collector(self):
        page = self.tocsin.page("/metrics?collect[]=dagster")
        self.assertTrue(page.has("dagster_runs_in_flight"))
        self.assertEqual(self.tocsin.get("/metrics?collect[]=nope").status, 400)
        self.assertEqual(self.tocsin.get("/metrics?collect[]=dagster&exclude[]=dagster").status, 400)
        self.assertFalse(self.tocsin.page("/metrics?exclude[]=dagster").has("dagster_runs_in_flight"))

    def test_req_21_hostile_clients_do_not_starve_the_scraper(self):
        host, port = self.tocsin.url.removeprefix("http://").split(":")
        hostile = []
        try:
            for number in range(220):
                client = socket.create_connection((host, int(port)), timeout=5)
                hostile.append(client)
                if number >= 200:  # And twenty that never finish their request.
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            self.assertLess(harness.http("GET", self.tocsin.url + "/metrics", timeout=5).seconds, 1)
        except ConnectionError:
            # Refusing the hostile ones is an answer too; the scraper's own connection must do.
            self.assertLess(harness.http("GET", self.tocsin.url + "/metrics", timeout=5).seconds, 1)
        finally:
            for client in hostile:
                client.close()

    def test_req_23_zero_fill_and_daemons_never_seen(self):
        page = self.tocsin.page()
        self.assertEqual(page.values("dagster_runs_in_flight", "status"),
                         {"QUEUED": 3, "NOT_STARTED": 0, "MANAGED": 0, "STARTING": 0, "STARTED": 0, "CANCELING": 0})

        self.postgres.sql("DELETE FROM daemon_heartbeats WHERE daemon_type = 'SENSOR'")
        page = self.tocsin.wait_until(
            "the sensor daemon to be forgotten",
            lambda page: not page.has("dagster_daemon_heartbeat_age_seconds", daemon_type="SENSOR"))
        self.assertFalse(page.has("dagster_daemon_last_heartbeat_timestamp_seconds", daemon_type="SENSOR"))
        self.assertEqual(page.value("dagster_daemon_required", daemon_type="SENSOR"), 1)

    def test_req_23_a_dead_daemon_keeps_its_timestamp_and_ages(self):
        self.dagster.beat("SCHEDULER", seconds_ago=180)
        name = "dagster_daemon_heartbeat_age_seconds"
        first = self.tocsin.wait_until("a late heartbeat",
                                       lambda page: page.value(name, daemon_type="SCHEDULER") >= 180)
        older = self.tocsin.wait_until(
            "it to age", lambda page: page.value(name, daemon_type="SCHEDULER") > first.value(
                name, daemon_type="SCHEDULER"))
        stamp = "dagster_daemon_last_heartbeat_timestamp_seconds"
        self.assertEqual(older.value(stamp, daemon_type="SCHEDULER"), first.value(stamp, daemon_type="SCHEDULER"))
        self.assertLess(older.value(name, daemon_type="SENSOR"), 60)
