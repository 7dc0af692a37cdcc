"""Everything that the boards show, at work: a real PostgreSQL with Dagster's tables, a real Redis with Miroir's keys, a
real Kailash where PyPI can be reached, and stand-ins that print what DashFlow, Atlas, Miroir's pods, a kubelet and an
API server print. All counters rise while it runs.
"""
import contextlib
import json
import pathlib
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

# pylint: disable=wrong-import-position
import test_kubernetes  # noqa: E402
import web  # noqa: E402
from dagster_database import DagsterDatabase, naive  # noqa: E402
from fake_kube import FakeKube  # noqa: E402
from kailash_application import KailashApplication, KailashRedis  # noqa: E402
from postgres import Postgres  # noqa: E402
from redis_server import Redis  # noqa: E402
from test_miroir import MiroirTest  # noqa: E402
from test_pgbouncer import PgBouncer  # noqa: E402

INTERVAL_SECONDS = 2


class Page:
    """A page of metrics whose counters and histograms rise with each look."""

    def __init__(self):
        self.looks = 0
        self._families = []

    def add(self, kind, name, *labels, value=1.0):
        """`value` is that of a gauge, or by how much a counter rises. `labels` are as printed: 'a="b"'."""
        self._families.append((kind, name, labels or ("",), value))
        return self

    def histogram(self, name, *labels, bounds=(0.01, 0.1, 1, 10), value=0.05):
        """Each look observes `value`."""
        self._families.append(("histogram", name, labels or ("",), (bounds, value)))
        return self

    def text(self):
        self.looks += 1
        lines = []
        for kind, name, label_sets, value in self._families:
            lines += [f"# HELP {name} What is called so.", f"# TYPE {name} {kind}"]
            for labels in label_sets:
                if kind == "histogram":
                    lines += self._histogram(name, labels, *value)
                    continue
                shown = value * self.looks if kind == "counter" else value
                lines.append(f"{name}{{{labels}}} {shown}")
        return "\n".join(lines) + "\n"

    def _histogram(self, name, labels, bounds, value):
        comma = "," if labels else ""
        for bound in (*bounds, "+Inf"):
            count = self.looks if float(bound) >= value else 0
            yield f'{name}_bucket{{{labels}{comma}le="{bound}"}} {count}'
        yield f"{name}_sum{{{labels}}} {self.looks * value}"
        yield f"{name}_count{{{labels}}} {self.looks}"


def dashflow_page():
    return (Page()
            .add("counter", "langserve_requests_total", 'endpoint="invoke",status="success"', value=5)
            .add("counter", "langserve_errors_total", 'endpoint="invoke",error_type="execution_error"')
            .histogram("langserve_request_duration_seconds")
            .histogram("langserve_batch_size", bounds=(1, 2, 5, 10), value=3)
            .histogram("langserve_stream_chunks_total", bounds=(1, 10, 100), value=12)
            .add("counter", "llm_requests_total", 'provider="openai",model="gpt",status="success"')
            .histogram("llm_request_duration_seconds", 'provider="openai",model="gpt"')
            .add("gauge", "graph_active_executions", 'graph_name="g"', value=2)
            .add("gauge", "queue_depth", 'queue_name="q"', value=4)
            .add("gauge", "active_tasks", value=3))


def atlas_page():
    return (Page()
            .add("counter", "optimization_requests_total", 'method="scipy",status="success"',
                 'method="scipy",status="error"')
            .add("gauge", "optimization_requests_created", 'method="scipy",status="success"', value=1.5e9)
            .histogram("optimization_duration_seconds", 'method="scipy"', value=0.7)
            .add("gauge", "active_optimizations", value=1)
            .histogram("model_prediction_seconds", 'model_name="m"'))


def miroir_page():
    page = Page()
    node = 'node_id="n1"'
    for name, *labels in (
            ("miroir_requests_total", 'method="POST",path_template="/indexes/{uid}/search",status="200"'),
            ("miroir_node_errors_total", node + ',error_type="timeout"'), ("miroir_scatter_partial_responses_total",),
            ("miroir_scatter_retries_total",), ("miroir_tasks_total", 'status="succeeded"'),
            ("miroir_rebalance_documents_migrated_total",), ("miroir_reshard_documents_backfilled_total",),
            ("miroir_multisearch_batches_total",), ("miroir_multisearch_partial_failures_total",),
            ("miroir_tenant_session_pin_override_total", 'tenant="t1"'), ("miroir_antientropy_shards_scanned_total",),
            ("miroir_antientropy_mismatches_found_total",), ("miroir_antientropy_docs_repaired_total",),
            ("miroir_settings_hash_mismatch_total",), ("miroir_settings_drift_repair_total", 'index="products"'),
            ("miroir_cdc_events_published_total", 'sink="s1",index="products"'),
            ("miroir_canary_runs_total", 'canary="c1",result="passed"'),
            ("miroir_canary_assertion_failures_total", 'canary="c1",assertion_type="hits"'),
            ("miroir_search_ui_sessions_total",), ("miroir_search_ui_queries_total", 'index="products"'),
            ("miroir_search_ui_zero_hits_total", 'index="products"'),
            ("miroir_search_ui_click_through_total", 'index="products"')):
        page.add("counter", name, *labels)
    for name, value, *labels in (
            ("miroir_requests_in_flight", 3), ("miroir_idempotency_cache_size", 12),
            ("miroir_session_active_count", 4), ("miroir_degraded_shards_total", 0), ("miroir_shard_coverage", 1),
            ("miroir_node_healthy", 1, node), ("miroir_shard_distribution", 16, node),
            ("miroir_task_registry_size", 7), ("miroir_rebalance_in_progress", 0), ("miroir_reshard_in_progress", 0),
            ("miroir_reshard_phase", 0, 'index_uid="products"'), ("miroir_memory_pressure", 0),
            ("miroir_peer_pod_count", 1), ("miroir_cdc_buffer_bytes", 100, 'sink="s1"'),
            ("miroir_search_ui_p95_ms", 40, 'index="products"'),
            ("miroir_antientropy_last_scan_completed_seconds", time.time())):
        page.add("gauge", name, *labels, value=value)
    for name, *labels in (
            ("miroir_request_duration_seconds",
             'method="POST",path_template="/indexes/{uid}/search",status="200"'),
            ("miroir_node_request_duration_seconds", node + ',operation="search"'),
            ("miroir_scatter_fan_out_size",), ("miroir_task_processing_age_seconds",),
            ("miroir_rebalance_duration_seconds",), ("miroir_multisearch_queries_per_batch",),
            ("miroir_canary_latency_ms", 'canary="c1"')):
        page.histogram(name, *labels)
    return page


def workspace():
    """What Dagster's webserver answers to the question of the collector; one location is broken."""
    return {"data": {
        "instance": {"daemonHealth": {"allDaemonStatuses": [{"daemonType": "SENSOR", "required": True}]}},
        "workspaceOrError": {"__typename": "Workspace", "locationEntries": [
            {"name": "etl", "locationOrLoadError": {"__typename": "RepositoryLocation"}},
            {"name": "reports", "locationOrLoadError": {"__typename": "PythonError"}}]},
        "repositoriesOrError": {"__typename": "RepositoryConnection", "nodes": []}}}


CONTAINERS = {"floe": "dagster-daemon", "dashflow": "dashflow", "optimizer": "optimizer", "search": "miroir"}


def kubelet_page():
    labels = [f'container="{container}",id="/kubepods/{container}",image="i",name="{container}",'
              f'namespace="{namespace}",pod="{container}-0"' for namespace, container in CONTAINERS.items()]
    page = Page()
    for name, value in (("container_memory_usage_bytes", 3e8), ("container_memory_working_set_bytes", 2e8),
                        ("container_spec_memory_limit_bytes", 1e9), ("container_spec_cpu_quota", 5e4),
                        ("container_spec_cpu_period", 1e5)):
        page.add("gauge", name, *labels, value=value)
    page.add("counter", "container_cpu_usage_seconds_total", *(f'cpu="total",{each}' for each in labels), value=0.1)
    for name in ("container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total"):
        page.add("counter", name, *labels, value=1)
    page.add("counter", "container_oom_events_total", *labels, value=0)
    return page


LEASE_PATH = "/apis/coordination.k8s.io/v1/namespaces/floe/leases/dagster-daemon-leader"


def lease():
    return {"holderIdentity": "dagster-daemon-0", "leaseDurationSeconds": 15, "renewTime": test_kubernetes.moment(),
            "leaseTransitions": 1}


class Watched:
    """All of it, and `collectors`: the items of a configuration that watch it. `left_out` tells of what is missing, as
    {board: reason}."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self._stop = threading.Event()
        self.collectors = []
        self.left_out = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._stack = stack
            for system in (self._servers, self._kubernetes, self._dagster, self._kailash, self._miroir, self._dashflow,
                           self._atlas, self._machine):
                system()
            activity = threading.Thread(target=self._work, daemon=True)
            activity.start()
            stack.callback(activity.join)
            stack.callback(self._stop.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _enter(self, manager):
        return self._stack.enter_context(manager)

    def _add(self, kind, **options):
        self.collectors.append({"type": kind, "interval": f"{INTERVAL_SECONDS}s", **options})

    def _server(self):
        return {"host": "127.0.0.1", "port": self.postgres.port, "user": self.postgres.USER,
                "password": self.postgres.password, "sslmode": "disable"}

    def _servers(self):
        self.postgres = self._enter(Postgres())
        self.redis = self._enter(Redis())
        self.folder = pathlib.Path(self._enter(tempfile.TemporaryDirectory(prefix="tocsin-boards-")))

    def _kubernetes(self):
        self.kube = self._enter(FakeKube())
        for namespace, container in CONTAINERS.items():
            pod = json.loads(json.dumps(test_kubernetes.pod()).replace('"main"', f'"{container}"'))
            self.kube.put("pods", namespace, f"{container}-0", **pod)
        for namespace, name in (("floe", "dagster-webserver"), ("floe", "dagster-worker"), ("floe", "polaris"),
                                ("floe", "marquez"), ("dashflow", "dashflow"), ("search", "miroir")):
            self.kube.put("deployments", namespace, name, spec={"replicas": 2},
                          status={"replicas": 2, "availableReplicas": 2, "readyReplicas": 2})
        self.kube.put("statefulsets", "floe", "store", spec={"replicas": 1},
                      status={"replicas": 1, "availableReplicas": 1, "readyReplicas": 1})
        for namespace, name in (("dashflow", "dashflow"), ("optimizer", "optimizer-hpa"), ("search", "miroir")):
            self.kube.put("horizontalpodautoscalers", namespace, name, spec={"minReplicas": 2, "maxReplicas": 10},
                          status={"currentReplicas": 2, "desiredReplicas": 2})
        self.kube.put("cronjobs", "floe", "dagster-backup", spec={"suspend": False}, status={
            "lastScheduleTime": test_kubernetes.moment(300)[:19] + "Z",
            "lastSuccessfulTime": test_kubernetes.moment(200)[:19] + "Z"})
        # The fault that the panel on lost parts is about: a right that is not there. No board shows what it is about.
        self.kube.fail(path="/poddisruptionbudgets", status=403, times=1000000)
        self._add("kubernetes", api_server=self.kube.url)

    def _dagster(self):
        self.dagster = DagsterDatabase(self.postgres)
        self.postgres.sql("""
            INSERT INTO concurrency_limits (concurrency_key, "limit") VALUES ('database', 2);
            INSERT INTO concurrency_slots (concurrency_key, run_id, step_key, deleted)
              VALUES ('database', 'r', 's', false), ('database', NULL, NULL, false);
            INSERT INTO bulk_actions (key, status, "timestamp", action_type)
              VALUES ('b', 'REQUESTED', now() AT TIME ZONE 'UTC', 'PARTITION_BACKFILL');
            INSERT INTO asset_keys (asset_key, last_materialization_timestamp)
              VALUES ('["sales", "orders"]', now() AT TIME ZONE 'UTC');
            INSERT INTO instigators (selector_id, status, instigator_type, instigator_body) VALUES ('s1', 'RUNNING',
              'SCHEDULE', '{"origin": {"external_repository_origin": {"repository_location_origin":
              {"location_name": "etl"}}, "job_name": "nightly"}}');""")
        self.dagster.add_runs("STARTED", 2)
        self.dagster.add_runs("QUEUED", 1)
        webserver = self._enter(web.WebServer({
            "/server_info": web.page_of_json({"dagster_webserver_version": "1.13.27", "dagster_version": "1.13.27",
                                              "dagster_graphql_version": "1.13.27"}),
            "/graphql": web.page_of_json(workspace())}))
        leases = self._enter(web.WebServer({LEASE_PATH: lambda: web.page_of_json(
            {"kind": "Lease", "metadata": {"namespace": "floe", "name": "dagster-daemon-leader"}, "spec": lease()})}))
        self._add("dagster", postgres={**self._server(), "database": self.postgres.DATABASE},
                  webserver={"url": webserver.url}, assets=["sales/orders"],
                  kubernetes={"api_server": leases.url, "namespace": "floe"})

    def _kailash(self):
        try:
            redis = self._enter(KailashRedis())
            self.kailash = self._enter(KailashApplication(redis))
        except unittest.SkipTest as reason:
            self.kailash = None
            self.left_out["kailash"] = str(reason)
            return
        for path in ("stores", "pool?active=3&idle=2&exhausted=2", "breaker?name=payments", "tasks?count=4",
                     "executions?prefix=a&good=3&bad=2&pending=1", "queue"):
            self.kailash.drive(path)
        # The server of Kailash has no probes of its own; applications bring them, also at other addresses.
        probes = self._enter(web.WebServer({"/health/live": web.text("OK"), "/health/ready": web.text("OK")}))
        self._add("kailash", http={"url": self.kailash.url, "probes_url": probes.url}, sqlite={"path": str(self.kailash.sqlite_file)},
                  redis={"host": "127.0.0.1", "port": redis.port, "password": redis.PASSWORD},
                  breakers=["database", "payments"], pools=[{"name": "main-db", "max_connections": 5}])

    def _miroir(self):
        MiroirTest().fill(self.redis)
        page = miroir_page()
        pod = self._enter(web.WebServer({"/metrics": lambda: web.text(page.text()), "/_miroir/ready": web.text("")}))
        self._add("miroir", redis={"host": "127.0.0.1", "port": self.redis.port}, sinks=["s1"],
                  cursors=[{"sink": "s1", "index": "products"}], lease_scopes=["drift_reconciler"],
                  pods={"ready_port": pod.port,
                        "static_configs": [{"targets": [f"127.0.0.1:{pod.port}"], "labels": {"pod": "miroir-0"}}]})

    def _dashflow(self):
        page = dashflow_page()
        self.dashflow = self._enter(web.WebServer({
            "/metrics": lambda: web.text(page.text()), "/health": web.text("OK"), "/ready": web.text("OK")}))
        self._add("dashflow", pods=[{"name": "dashflow-0", "url": self.dashflow.url}])

    def _atlas(self):
        page = atlas_page()
        atlas = self._enter(web.WebServer({
            "/metrics": lambda: web.text(page.text()), "/health": web.page_of_json({"status": "healthy"}),
            "/ready": web.page_of_json({"ready": True, "checks": {"database": True, "redis": True}})}))
        self.postgres.sql("CREATE ROLE optimizer LOGIN")
        self.access, error = self.folder / "access.log", self.folder / "error.log"
        self.access.touch()
        error.touch()
        self._add("atlas", pods=[{"name": "atlas-0", "url": atlas.url}], pool_size=5, workers=2,
                  postgres=self._server(), redis={"host": "127.0.0.1", "port": self.redis.port},
                  nginx={"access_log": str(self.access), "error_log": str(error)})

    def _machine(self):
        page = kubelet_page()
        kubelet = self._enter(web.WebServer({"/metrics/cadvisor": lambda: web.text(page.text())}))
        self._add("container", kubelet={"url": f"{kubelet.url}/metrics/cadvisor"})
        self._add("host")
        bouncer = self._enter(PgBouncer(self.postgres))
        self._add("pgbouncer", pgbouncer={"host": "127.0.0.1", "port": bouncer.port, "user": "stats",
                                          "password": "secret", "sslmode": "disable"})

    def _work(self):
        """What would happen anyway: runs end, daemons report, requests come in."""
        number = 0
        while not self._stop.wait(1):  # The rhythm of the work.
            number += 1
            for daemon in ("SENSOR", "BACKFILL", "SCHEDULER", "QUEUED_RUN_COORDINATOR"):
                self.dagster.beat(daemon)
            self.dagster.add_runs("SUCCESS")
            self.dagster.add_runs("FAILURE")
            self.postgres.sql(
                "INSERT INTO job_ticks (job_origin_id, selector_id, status, type, \"timestamp\") "
                f"VALUES ('s1', 's1', 'SUCCESS', 'SCHEDULE', {naive(time.time())});"
                "INSERT INTO event_logs (run_id, event, dagster_event_type, \"timestamp\") "
                f"VALUES ('r{number}', '{{}}', 'ASSET_MATERIALIZATION', {naive(time.time())}),"
                f"('r{number}', '{{}}', 'STEP_FAILURE', {naive(time.time())})")
            self.redis.cli("SET", "miroir:lease:drift_reconciler", f"pod-{number // 10 % 2}", "EX", 100)
            with self.access.open("a", encoding="utf-8") as log:
                log.write('10.0.0.1 - - [01/May/2026:10:00:00 +0000] "GET /api HTTP/1.1" 200 5 "-" "-" "-"\n')
            if self.kailash is not None:
                self.kailash.execute("orders")
                self.kailash.drive("acquire")
