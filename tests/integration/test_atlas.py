"""The `atlas` collector against a stand-in with the contract of its guide, a real PostgreSQL, and logs as nginx writes them;
compared through tocsin's /metrics.
"""
import contextlib
import itertools
import os
import subprocess

import harness
import web
from postgres import PostgresTestCase
from prometheus import promtool_findings
from tocsin import Tocsin

READY = {"ready": True, "checks": {"database": True, "redis": True, "models": True}}


class Worker:
    """What one process has counted, as Python's Prometheus client prints it."""

    def __init__(self, born):
        self.born = born
        self.succeeded = 0

    def page(self):
        return ("# HELP optimization_requests_total Total\n# TYPE optimization_requests_total counter\n"
                f'optimization_requests_total{{method="scipy",status="success"}} {self.succeeded}.0\n'
                "# TYPE optimization_requests_created gauge\n"
                f'optimization_requests_created{{method="scipy",status="success"}} {self.born}\n'
                "# TYPE optimization_duration_seconds histogram\n"
                f'optimization_duration_seconds_bucket{{le="10.0",method="scipy"}} {self.succeeded}.0\n'
                f'optimization_duration_seconds_bucket{{le="+Inf",method="scipy"}} {self.succeeded}.0\n'
                f'optimization_duration_seconds_count{{method="scipy"}} {self.succeeded}.0\n'
                f'optimization_duration_seconds_sum{{method="scipy"}} {self.succeeded * 2}.0\n'
                "# TYPE active_optimizations gauge\nactive_optimizations 1.0\n"
                "# TYPE model_prediction_seconds histogram\n")


class Atlas:
    """A pod whose workers answer in turn."""

    def __init__(self, workers=1):
        self.workers = [Worker(1_500_000_000.5 + i) for i in range(workers)]
        turns = itertools.cycle(self.workers)
        self.server = web.WebServer({
            "/metrics": lambda: (200, "text/plain", next(turns).page(), {}),
            "/health": web.page_of_json({"status": "healthy"}),
            "/ready": web.page_of_json(READY),
        })


class AtlasTest(PostgresTestCase):
    def atlas(self, workers=1):
        atlas = Atlas(workers)
        self.enter(atlas.server)
        return atlas

    @staticmethod
    def config_of(atlas, more="", storage="':memory:'"):
        return (f"storage: {{path: {storage}}}\n"
                f"collectors:\n  - type: atlas\n    interval: 500ms\n    pods: [{{name: p, url: \"{atlas.server.url}\"}}]\n"
                f"{more}")

    def test_the_contract(self):
        atlas = self.atlas()
        atlas.workers[0].succeeded = 5
        tocsin = self.enter(Tocsin(self.config_of(atlas)))
        page = tocsin.wait_until("the pod", lambda page: page.has("http_requests_per_second", pod="p"))
        expected = [("optimization_requests_total", {"status": "success"}, 5),
                    ("optimization_requests_total", {"status": "error"}, 0),
                    ("optimization_duration_seconds_sum", {}, 10),
                    ("active_optimizations", {}, 1), ("atlas_up", {}, 1), ("atlas_healthy", {}, 1),
                    ("atlas_ready", {}, 1), ("atlas_maintenance", {}, 0), ("atlas_metrics_worker_flap_total", {}, 0),
                    ("http_requests_per_second", {}, 0)]
        for name, labels, value in expected:
            with self.subTest(name=name, **labels):
                self.assertEqual(page.value(name, pod="p", **labels), value)
        self.assertEqual(page.values("atlas_dependency_up", "dependency"), {"database": 1, "redis": 1, "models": 1})
        self.assertNotIn("_created", page.text)
        self.assertEqual(promtool_findings(page.text), (0, ""))
        atlas.workers[0].succeeded = 500
        page = tocsin.wait_until("a rate", lambda page: page.value("http_requests_per_second", pod="p") > 0)

    def test_a_failing_dependency_maintenance_and_death(self):
        atlas = self.atlas()
        tocsin = self.enter(Tocsin(self.config_of(atlas)))
        tocsin.wait_until("ready", lambda page: page.value("atlas_ready", pod="p") == 1)
        atlas.server.answers["/ready"] = web.page_of_json({"ready": False, "checks": {"database": False}}, status=503)
        page = tocsin.wait_until("not ready", lambda page: page.value("atlas_ready", pod="p") == 0)
        self.assertEqual(page.values("atlas_dependency_up", "dependency"), {"database": 0})
        self.assertEqual(page.value("atlas_maintenance", pod="p"), 0)

        maintenance = web.page_of_json({"detail": "Maintenance", "retry_after": 3600}, status=503,
                                       headers={"Retry-After": "3600"})
        ordinary = atlas.server.answers["/metrics"]
        atlas.server.answers.update({"/ready": maintenance, "/metrics": maintenance})
        page = tocsin.wait_until("maintenance", lambda page: page.value("atlas_maintenance", pod="p") == 1
                                 and page.value("atlas_up", pod="p") == 0)
        self.assertEqual(page.value("atlas_healthy", pod="p"), 1)
        self.assertFalse(page.has("optimization_requests_total"))

        atlas.server.answers.update({"/ready": web.page_of_json(READY), "/metrics": ordinary})
        tocsin.wait_until("its end", lambda page: page.value("atlas_up", pod="p") == 1
                          and page.value("atlas_maintenance", pod="p") == 0)
        atlas.server.stop()
        # All at once only on the second page: the collection under way may die in the middle.
        tocsin.wait_until("death", lambda page: page.value("atlas_healthy", pod="p") == 0
                          and page.value("atlas_up", pod="p") == 0
                          and not page.has("atlas_dependency_up") and not page.has("atlas_maintenance"))

    def test_workers_that_count_apart(self):
        atlas = self.atlas(workers=4)
        for number, worker in enumerate(atlas.workers):
            worker.succeeded = 100 * number
        tocsin = self.enter(Tocsin(self.config_of(atlas)))
        page = tocsin.wait_until("flaps", lambda page: page.value("atlas_metrics_worker_flap_total", pod="p") > 3)
        self.assertFalse(page.has("http_requests_per_second"))

    @contextlib.contextmanager
    def connection_of_the_application(self, script=""):
        """A session of the role that the application logs in as, which has run `script`."""
        command = [part if part != self.postgres.USER else "optimizer" for part in self.postgres.psql("postgres")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write(f"{script}\n\\echo ready\n")
            session.stdin.flush()
            session.stdout.readline()
            yield
            session.stdin.close()

    def test_the_database_pool(self):
        self.postgres.sql("CREATE ROLE optimizer LOGIN")
        self.addCleanup(self.postgres.sql, "DROP ROLE optimizer")
        atlas = self.atlas()
        server = (f"    pool_size: 5\n    workers: 2\n    postgres: {{host: 127.0.0.1, port: {self.postgres.port}, "
                  f"user: {self.postgres.USER}, password: secret, sslmode: disable}}\n")
        tocsin = self.enter(Tocsin(self.config_of(atlas, server)))
        with self.connection_of_the_application(), self.connection_of_the_application("BEGIN;"):
            page = tocsin.wait_until("two connections", lambda page: sum(
                page.values("atlas_database_connections", "state").values()) == 2)
        states = page.values("atlas_database_connections", "state")
        self.assertEqual({state for state, count in states.items() if count}, {"idle", "idle in transaction"})
        self.assertEqual(len(states), 7)
        self.assertEqual(page.value("atlas_database_pool_max"), 10)
        tocsin.wait_until("none", lambda page: set(
            page.values("atlas_database_connections", "state").values()) == {0})
        self.assertEqual(self.postgres.sessions(), 1)

        self.postgres.stop()
        page = tocsin.wait_until("its loss", lambda page: page.value(
            "tocsin_collector_source_up", source="postgres") == 0)
        self.assertFalse(page.has("atlas_database_connections"))
        self.assertEqual(page.value("atlas_up", pod="p"), 1)
        self.postgres.start()
        tocsin.wait_until("its return", lambda page: page.has("atlas_database_connections"))

    def test_nginx_logs_over_a_rotation_and_a_restart(self):
        atlas = self.atlas()
        folder = self.enter(harness.temporary_folder())
        access, error = folder / "access.log", folder / "error.log"

        def append(file, line):
            with open(file, "a", encoding="utf-8") as log:
                log.write(line + "\n")

        def request(status):
            append(access, f'10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /api HTTP/1.1" {status} 5 "-" "-" "-"')

        request(200)
        append(error, "2026/05/01 10:00:00 [notice] 1#1: start")
        more = f'    nginx: {{access_log: "{access}", error_log: "{error}"}}\n'
        tocsin = self.enter(Tocsin(self.config_of(atlas, more, storage="state")))
        page = tocsin.wait_until("both zones", lambda page: page.values("atlas_rate_limited_total", "zone") == {
            "api": 0, "optimize": 0})
        self.assertFalse(page.has("atlas_http_requests_total"))
        for status in (200, 200, 503):
            request(status)
        append(error, '2026/05/01 10:00:01 [error] 7#7: *5 limiting requests, excess: 20.540 by zone "api", '
                      'client: 10.0.0.1, server: _, request: "GET / HTTP/1.1"')
        tocsin.wait_until("the counts", lambda page: page.values("atlas_http_requests_total", "code") == {
            "200": 2, "503": 1} and page.value("atlas_rate_limited_total", zone="api") == 1)
        os.rename(access, folder / "access.log.1")
        request(404)
        tocsin.wait_until("the new file", lambda page: page.values("atlas_http_requests_total", "code") == {
            "200": 2, "503": 1, "404": 1})
        tocsin.process.end()
        request(200)
        tocsin.start()
        tocsin.wait_until("what was logged meanwhile", lambda page: page.values(
            "atlas_http_requests_total", "code") == {"200": 3, "503": 1, "404": 1})
