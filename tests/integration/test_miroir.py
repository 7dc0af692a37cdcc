"""The collector `miroir` beside a real Redis with Miroir's keys, SQLite files with its tables, and pods' pages."""
import contextlib
import http.server
import json
import sqlite3
import threading
import time
import unittest

import harness
from prometheus import promtool_findings
from redis_server import Redis
from tocsin import Tocsin

PAGE = """\
# HELP miroir_requests_in_flight Requests being served
# TYPE miroir_requests_in_flight gauge
miroir_requests_in_flight 3
# HELP miroir_leader Whether this pod leads
# TYPE miroir_leader gauge
miroir_leader{scope="global"} 1
# HELP miroir_cpu_throttled_seconds_total Throttled time
# TYPE miroir_cpu_throttled_seconds_total counter
miroir_cpu_throttled_seconds_total 123456
# HELP miroir_idempotency_cache_size Entries
# TYPE miroir_idempotency_cache_size gauge
miroir_idempotency_cache_size 12
"""


class Pod:
    """A server with a pod's page of metrics and its answer about readiness."""

    def __init__(self):
        self.page = PAGE
        self.ready = True
        pod = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                is_ready = self.path == "/_miroir/ready"
                body = (b"" if is_ready else pod.page.encode())
                self.send_response(503 if is_ready and not pod.ready else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def config(place, more="", timeout="1s"):
    """With the figures of docs/collectors/miroir.md."""
    return ("storage: {path: state}\ncollectors:\n  - type: miroir\n    interval: 1s\n"
            f"    timeout: {timeout}\n    probe_timeout: 500ms\n    {place}\n{more}")


def in_redis(redis):
    return f"redis: {{host: 127.0.0.1, port: {redis.port}}}"


class MiroirTest(harness.TestCase):
    def fill(self, redis):
        """The keys of a Miroir at work."""
        redis.cli("SET", "miroir:schema_version", "6")
        redis.cli("SADD", "miroir:jobs:_queued", *range(12))
        redis.cli("SADD", "miroir:jobs:_index", *range(40))
        redis.cli("SADD", "miroir:tasks:_index", *range(5))
        for number in range(12):
            redis.cli("HSET", f"miroir:jobs:{number}", "type", "rebalance", "created_at",
                      int((time.time() - 100) * 1000), "state", "queued" if number < 9 else "completed")
        redis.cli("SET", "miroir:lease:drift_reconciler", "pod-0", "EX", 100)
        redis.cli("SADD", "miroir:canary:_index", "c1")
        redis.cli("ZADD", "miroir:canary_runs:c1", int(time.time() * 1000), json.dumps({"status": "passed"}))
        redis.cli("RPUSH", "miroir:cdc:overflow:s1", "a", "b")
        redis.cli("SET", "miroir:cdc:overflow_bytes:s1", "99")
        redis.cli("HSET", "miroir:cdc_cursor:s1:products", "last_event_seq", "7", "updated_at", "1700000000000")
        redis.cli("SET", "miroir:mode_b_ops_scope:ilm", "op1")
        redis.cli("HSET", "miroir:mode_b_ops:op1", "status", "running", "phase_started_at",
                  int((time.time() - 60) * 1000))

    def test_a_redis_store(self):
        redis = self.enter(Redis())
        self.fill(redis)
        tocsin = self.enter(Tocsin(config(in_redis(redis), (
            "    sample_queue: true\n    sinks: [s1]\n    cursors: [{sink: s1, index: products}]\n"
            "    operation_scopes: [ilm]\n    lease_scopes: [drift_reconciler, ilm]\n"))))
        page = tocsin.wait_until("the canary and the operation",
                                 lambda page: page.has("miroir_canary_last_run_success")
                                 and page.has("miroir_mode_b_operation_phase_age_seconds"))
        self.assertEqual(page.value("miroir_background_queue_depth"), 12)
        self.assertEqual(page.value("miroir_background_queue_stale_ratio"), 0.25)
        self.assertEqual(page.value("miroir_background_queue_depth_sampled", job_type="rebalance"), 9)
        self.assertGreaterEqual(page.value("miroir_background_queue_oldest_age_seconds"), 99)
        self.assertEqual(page.value("miroir_jobs_known"), 40)
        self.assertEqual(page.value("miroir_tasks_known"), 5)
        self.assertEqual(page.value("miroir_schema_version"), 6)
        self.assertEqual(page.value("miroir_leader_lease_held", scope="drift_reconciler"), 1)
        self.assertEqual(page.value("miroir_leader_lease_held", scope="ilm"), 0)
        self.assertEqual(page.value("miroir_leader_info", holder="pod-0"), 1)
        self.assertEqual(page.value("miroir_canary_last_run_success", canary="c1"), 1)
        self.assertEqual(page.value("miroir_cdc_overflow_events", sink="s1"), 2)
        self.assertEqual(page.value("miroir_cdc_overflow_bytes", sink="s1"), 99)
        self.assertEqual(page.value("miroir_cdc_cursor_updated_timestamp_seconds", index="products"), 1.7e9)
        self.assertGreaterEqual(page.value("miroir_mode_b_operation_phase_age_seconds", scope="ilm"), 59)
        self.assertEqual(page.value("miroir_task_store_up", backend="redis"), 1)
        for operation in ("ping", "get", "scard"):
            self.assertGreaterEqual(page.value("miroir_task_store_latency_seconds_count", operation=operation), 1)
        # "mode_b" is Miroir's word, and no unit.
        self.assertEqual(promtool_findings(tocsin.get("/metrics").text), (
            3, "miroir_mode_b_operation_phase_age_seconds metric names should not contain abbreviated units\n"))
        redis.cli("SET", "miroir:lease:drift_reconciler", "pod-1", "EX", 100)
        tocsin.wait_until("the new leader", lambda page: page.value(
            "miroir_leader_changes_total", scope="drift_reconciler") == 1)

    def test_the_old_generation(self):
        redis = self.enter(Redis())
        tocsin = self.enter(Tocsin(config(in_redis(redis))))
        tocsin.wait_until_up()
        self.assertFalse(tocsin.page().has("miroir_background_queue_depth"))
        redis.cli("RPUSH", "miroir:jobs:enqueued", "a", "b", "c")
        tocsin.wait_until("the list", lambda page: page.has("miroir_background_queue_depth")
                          and page.value("miroir_background_queue_depth") == 3)

    def test_a_paused_store_looks_slow_and_not_fast(self):
        redis = self.enter(Redis())
        self.fill(redis)
        tocsin = self.enter(Tocsin(config(in_redis(redis))))
        before = tocsin.wait_until("a probe", lambda page: page.has("miroir_task_store_latency_seconds_count"))
        slow = before.value("miroir_task_store_latency_seconds_sum", operation="ping")
        redis.suspend()
        self.addCleanup(redis.resume)
        page = tocsin.wait_until("three time-outs", lambda page: page.value(
            "miroir_task_store_latency_seconds_sum", operation="ping") >= slow + 1.5)
        self.assertEqual(page.value("miroir_task_store_up", backend="redis"), 0)
        self.assertEqual(page.value("tocsin_collector_source_up", source="task_store"), 0)
        self.assertFalse(page.has("miroir_background_queue_depth"))
        self.assertLessEqual(redis.sockets_of(tocsin.process.pid), 1)
        redis.resume()
        tocsin.wait_until("the store", lambda page: page.value("miroir_task_store_up", backend="redis") == 1
                          and page.value("miroir_background_queue_depth") == 12)
        self.assertEqual(redis.connections(), 1)

    def test_a_paused_store_is_down_though_the_probe_may_take_all_the_time(self):
        redis = self.enter(Redis())
        self.fill(redis)
        tocsin = self.enter(Tocsin(config(in_redis(redis), "    parts: [probe]\n")
                                   .replace("probe_timeout: 500ms", "probe_timeout: 1s")))
        before = tocsin.wait_until("a probe", lambda page: page.has("miroir_task_store_latency_seconds_count"))
        slow = before.value("miroir_task_store_latency_seconds_sum", operation="ping")
        redis.suspend()
        self.addCleanup(redis.resume)
        page = tocsin.wait_until("time-outs", lambda page: page.value("miroir_task_store_up", backend="redis") == 0
                          and page.value("miroir_task_store_latency_seconds_sum", operation="ping") >= slow + 1.6)
        self.assertEqual(page.value("tocsin_collector_up"), 1)

    def test_a_store_that_is_gone(self):
        redis = self.enter(Redis())
        self.fill(redis)
        tocsin = self.enter(Tocsin(config(in_redis(redis))))
        tocsin.wait_until("up", lambda page: page.value("miroir_task_store_up") == 1)
        redis.stop()
        page = tocsin.wait_until("down", lambda page: page.value("miroir_task_store_up") == 0)
        self.assertFalse(page.has("miroir_leader_lease_held"))
        redis.start()  # Empty, as after a crash without persistence.
        tocsin.wait_until("up again", lambda page: page.value("miroir_task_store_up") == 1
                          and not page.has("miroir_background_queue_depth"))

    def test_pods(self):
        redis = self.enter(Redis())
        self.fill(redis)
        first, second = self.enter(Pod()), self.enter(Pod())
        targets = "".join(f"        - {{targets: ['127.0.0.1:{pod.port}'], labels: {{pod: pod-{number}}}}}\n"
                          for number, pod in enumerate((first, second)))
        tocsin = self.enter(Tocsin(config(in_redis(redis), (
            f"    pods:\n      ready_port: {second.port}\n      static_configs:\n{targets}"), timeout="2s")
            .replace("interval: 1s", "interval: 2s")))
        page = tocsin.wait_until("the pods", lambda page: page.has("miroir_up", pod="pod-1"))
        self.assertEqual(page.value("miroir_requests_in_flight", pod="pod-0"), 3)
        self.assertEqual(page.value("miroir_leader_pods_claiming", scope="global"), 2)
        self.assertEqual(page.value("miroir_idempotency_cache_entries", pod="pod-1"), 12)
        self.assertEqual(page.value("miroir_max_concurrent_requests"), 500)
        self.assertEqual(page.value("miroir_ready", pod="pod-1"), 1)
        self.assertFalse(page.has("miroir_cpu_throttled_seconds_total"))
        self.assertFalse(page.has("miroir_leader"))
        self.assertEqual(promtool_findings(tocsin.get("/metrics").text), (0, ""))
        first.page = "<html></html>"
        second.ready = False
        page = tocsin.wait_until("the bad page", lambda page: page.value("miroir_up", pod="pod-0") == 0
                                 and page.value("miroir_ready", pod="pod-1") == 0)
        self.assertFalse(page.has("miroir_requests_in_flight", pod="pod-0"))
        self.assertEqual(page.value("miroir_requests_in_flight", pod="pod-1"), 3)
        self.assertEqual(page.value("tocsin_collector_source_up", source="pods"), 1)

    def test_a_sqlite_store(self):
        with harness.temporary_folder() as folder:
            file = folder / "miroir.db"
            with contextlib.closing(sqlite3.connect(file)) as database:
                database.executescript("""
                    PRAGMA journal_mode = WAL;
                    CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
                    INSERT INTO schema_versions VALUES (6, 0);
                    CREATE TABLE jobs (id TEXT PRIMARY KEY, type TEXT NOT NULL, params TEXT NOT NULL, state TEXT NOT NULL,
                        claimed_by TEXT, claim_expires_at INTEGER, progress TEXT NOT NULL, created_at INTEGER);
                    CREATE INDEX jobs_created_at ON jobs(created_at);
                    CREATE TABLE leader_lease (scope TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at INTEGER NOT NULL);
                    INSERT INTO jobs VALUES ('1', 'ttl', '', 'queued', NULL, NULL, '', 1700000000000);
                    INSERT INTO jobs VALUES ('2', 'ttl', '', 'completed', NULL, NULL, '', 1700000000000);
                """)
                database.execute("INSERT INTO leader_lease VALUES ('drift_reconciler', 'pod-0', ?)",
                                 [int((time.time() + 1000) * 1000)])
                database.commit()
                tocsin = self.enter(Tocsin(config(f"sqlite: {{file: {file}}}")))
                page = tocsin.wait_until("the store", lambda page: page.has("miroir_background_queue_depth"))
                self.assertEqual(page.value("miroir_background_queue_depth"), 1)
                self.assertEqual(page.value("miroir_leader_lease_held", scope="drift_reconciler"), 1)
                self.assertEqual(page.value("miroir_task_store_up", backend="sqlite"), 1)
                tocsin.wait_for_log("canaries")  # A feature that is off has no tables.
                database.execute("DELETE FROM leader_lease")
                database.commit()
                tocsin.wait_until("the free lease", lambda page: page.value(
                    "miroir_leader_lease_held", scope="drift_reconciler") == 0)


if __name__ == "__main__":
    unittest.main()
