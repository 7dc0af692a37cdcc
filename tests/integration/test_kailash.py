"""tocsin's numbers against those of a real Kailash application that is driven into failure."""
import subprocess
import time

import harness
from kailash_application import KailashApplication, KailashRedis, kailash_python
from postgres import Postgres
from tocsin import Tocsin

# Between two collections of tocsin, and for each.
INTERVAL_SECONDS = 2
STATES = {"closed": 1, "open": 2, "half_open": 3}
SOURCE_UP = "tocsin_collector_source_up"


def config(application, redis, database, **options):
    lines = [f"    {key}: {value}" for key, value in options.items()]
    return "\n".join([
        "storage: {path: state}",
        "collectors:",
        "  - type: kailash",
        f"    interval: {INTERVAL_SECONDS}s",
        f"    timeout: {INTERVAL_SECONDS}s",
        f"    http: {{url: '{application.url}', timeout: 1s}}",
        f"    redis: {{host: 127.0.0.1, port: {redis.port}, password: {redis.PASSWORD}}}",
        "    breakers: [database, payments]",
        f"    {database}",
        "    pools: [{name: main-db, max_connections: 5}]",
        *lines, ""])


class KailashTest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        kailash_python()
        cls.redis = KailashRedis().__enter__()
        cls.addClassCleanup(cls.redis.__exit__)

    def setUp(self):
        self.redis.cli("flushall")

    def collected_after(self, tocsin, moment):
        return tocsin.wait_until("a collection that began after that", lambda page: page.value(
            "tocsin_collector_last_success_timestamp_seconds") > moment + INTERVAL_SECONDS)

    def check(self, application, database, backend):
        application.drive("stores")
        tocsin = self.enter(Tocsin(config(application, self.redis, database)))
        tocsin.wait_until("all sources", lambda page: len(page.series(SOURCE_UP)) == 4 and all(
            value == 1 for _, value in page.series(SOURCE_UP)))
        for path in ("pool?active=3&idle=2&exhausted=2", "breaker?name=payments", "tasks?count=4",
                     "executions?prefix=a&good=3&bad=2&pending=1", "queue"):
            application.drive(path)
        self.assertTrue(application.execute("orders"))
        self.assertFalse(application.execute("broken"))
        page = self.collected_after(tocsin, time.time())
        self.compare(page, application.said(), backend)
        self.assertEqual([], [labels for labels, value in page.series("tocsin_samples_dropped_total") if value > 0])

    def compare(self, page, said, backend):
        self.assertEqual(page.value("kailash_up"), 1)
        self.assertEqual(page.values("kailash_workflow_healthy", "workflow"), {"orders": 1, "broken": 1})
        self.assertFalse(page.has("kailash_live"))  # The server has no such route.
        self.assertEqual(page.values("kailash_workflow_total", "workflow"), {"orders": 1, "broken": 1})
        self.assertEqual(page.values("kailash_workflow_success_total", "workflow"), {"orders": 1, "broken": 0})
        self.assertEqual(page.value("kailash_workflow_duration_seconds_count", workflow="orders"), 1)
        self.compare_breakers(page, said["breakers"])
        pool = said["pools"]["main-db"]
        self.assertEqual(page.values("kailash_pool_active_connections", "pool"), {"main_db": pool["active_connections"]})
        self.assertEqual(page.values("kailash_pool_available_connections", "pool"),
                         {"main_db": 5 - pool["active_connections"]})
        self.assertEqual(page.values("kailash_pool_exhaustion_events_total", "pool"),
                         {"main_db": pool["pool_exhaustion_events"]})
        self.assertEqual(page.value("kailash_errors_total", category="pool_exhausted"), pool["pool_exhaustion_events"])
        self.compare_queues(page, said, backend)

    def compare_breakers(self, page, said):
        self.assertEqual(said["payments"]["state"], "open")
        expected = {name: STATES[status["state"]] for name, status in said.items()}
        self.assertEqual(page.values("kailash_circuit_breaker_state", "name"), {"database": 1, **expected})
        self.assertEqual(page.values("kailash_circuit_breaker_open", "name"), {"database": 0, "payments": 1})
        self.assertAlmostEqual(page.value("kailash_circuit_breaker_key_ttl_seconds", name="payments"), 86400, delta=300)
        self.assertAlmostEqual(page.value("kailash_circuit_breaker_last_failure_timestamp_seconds", name="payments"),
                               time.time(), delta=300)

    def compare_queues(self, page, said, backend):
        depth = {(labels["backend"], labels["queue"], labels["state"]): value
                 for labels, value in page.series("kailash_task_queue_depth")}
        self.assertEqual(depth, {
            ("redis", "default", "pending"): said["redis_queue"]["pending"],
            ("redis", "default", "processing"): said["redis_queue"]["processing"],
            (backend, "reports", "pending"): said["queue"]["pending"],
            (backend, "reports", "processing"): said["queue"]["processing"]})
        self.assertEqual(page.value("kailash_workers", backend="redis"), 1)
        self.assertEqual(page.value("kailash_workers_alive", backend="redis", queue="default"), 1)
        self.assertEqual(page.value("kailash_workers", backend=backend, queue="reports"), said["workers"])
        self.assertEqual(page.value("kailash_workers_alive", backend=backend, queue="reports"), said["workers"])
        self.assertEqual(page.value("kailash_executions_pending"), said["executions"]["pending"])
        # Counted by their causes: the page tells how many there were, of other executions.
        self.assertEqual(page.value("kailash_errors_total", category="authentication_failed", workflow="nightly"),
                         said["executions"]["failed"])
        self.assertEqual(page.value("kailash_dlq_items", status="pending"), said["dlq"]["pending"])
        self.assertEqual(page.value("kailash_errors_total", category="dead_lettered", workflow="nightly"),
                         said["dlq"]["total"])

    def test_on_sqlite(self):
        application = self.enter(KailashApplication(self.redis))
        self.check(application, f"sqlite: {{path: {application.sqlite_file}}}", "sqlite")

    def test_on_postgresql(self):
        postgres = self.enter(Postgres())
        server = f"127.0.0.1:{postgres.port}"
        application = self.enter(KailashApplication(
            self.redis, f"postgresql://{postgres.USER}:{postgres.password}@{server}/{postgres.DATABASE}"))
        self.check(application, f"postgres: {{host: 127.0.0.1, port: {postgres.port}, database: {postgres.DATABASE}, "
                                f"user: {postgres.USER}, password: {postgres.password}, sslmode: disable}}", "postgres")

    def test_executions_counted_in_the_database_survive_a_restart_and_deletion(self):
        postgres = self.enter(Postgres())
        server = f"127.0.0.1:{postgres.port}"
        application = self.enter(KailashApplication(
            self.redis, f"postgresql://{postgres.USER}:{postgres.password}@{server}/{postgres.DATABASE}"))
        application.drive("stores")
        tocsin = self.enter(Tocsin(config(
            application, self.redis, f"postgres: {{host: 127.0.0.1, port: {postgres.port}, database: "
            f"{postgres.DATABASE}, user: {postgres.USER}, password: {postgres.password}, sslmode: disable}}",
            workflows_from="database")))
        tocsin.wait_until("the first look", lambda page: page.has("kailash_executions_lost_total"))
        application.drive("executions?prefix=a&good=3&bad=2&pending=1")
        tocsin.wait_until("five", lambda page: page.value("kailash_workflow_total", workflow="nightly") == 5)
        postgres.sql("DELETE FROM kailash_executions WHERE status <> 'pending'")
        tocsin.restart()
        application.drive("executions?prefix=b&good=1&bad=0&pending=0")
        page = tocsin.wait_until("one more", lambda page: page.value("kailash_workflow_total", workflow="nightly") == 6)
        self.assertEqual(page.value("kailash_workflow_success_total", workflow="nightly"), 4)
        self.assertEqual(page.value("kailash_executions_pending"), 1)

    def test_what_is_gone_is_absent_and_comes_back(self):
        application = self.enter(KailashApplication(self.redis))
        application.drive("stores")
        tocsin = self.enter(Tocsin(config(application, self.redis, f"sqlite: {{path: {application.sqlite_file}}}")))
        state = "kailash_circuit_breaker_state"
        tocsin.wait_until("breakers", lambda page: page.has(state, name="database"))
        self.redis.stop()
        page = tocsin.wait_until("their absence", lambda page: not page.has(state))
        self.assertEqual(page.value(SOURCE_UP, source="redis"), 0)
        self.assertEqual(page.value("kailash_up"), 1)
        self.redis.start()
        tocsin.wait_until("breakers again", lambda page: page.has(state, name="database"))
        application.stop()
        # All at once only on the second page: the collection under way may die in the middle.
        page = tocsin.wait_until("the server's end", lambda page: page.value("kailash_up") == 0
                                 and page.value(SOURCE_UP, source="http") == 0
                                 and not page.has("kailash_workflow_healthy"))
        self.assertEqual(page.value(state, name="database"), 1)

    def test_prometheus_refuses_the_page(self):
        """Why there is this collector. If this fails, Kailash has mended its page."""
        application = self.enter(KailashApplication(self.redis))
        text = harness.http("GET", f"{application.url}/metrics").text
        done = subprocess.run([harness.need("promtool"), "check", "metrics"], input=text, text=True,
                              capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("timer", done.stdout + done.stderr)
