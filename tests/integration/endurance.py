#!/usr/bin/env python3
"""endurance.py [--tocsin BINARY] [--seconds N]: every collector in one tocsin, for N seconds (600).

Each watches its real counterpart, or where there is none here, one that speaks its documented words. After the first
two rounds nothing may fail, and memory and processor time stay where they are. The figures are printed. The shipped
rules are evaluated meanwhile: none may fail, and none may fire that the watched systems give no reason for.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import time
import unittest

import harness
import test_kubernetes
from fake_kube import FakeKube
from kailash_application import KailashApplication, KailashRedis
from postgres import Postgres
from prometheus import Prometheus
from redis_server import Redis
from test_atlas import Atlas
from test_dashflow import DashFlow
from test_miroir import MiroirTest, Pod
from test_pgbouncer import PgBouncer
from test_real_dagster import RealDagster, dagster_programs
from tocsin import Tocsin

INTERVAL_SECONDS = 15
WARM_UP_SECONDS = 60  # First looks, first chunks of samples, threads that start.
MOST_CPU = 0.02  # Of one core.
MOST_GROWTH = 0.15  # Of the memory after the warm-up, when few alerts and recorded series have begun.

# What is wrong with the watched systems.
REASONS = {
    "Watchdog": "fires always",
    "DagsterCodeLocationLoadError": "one of the code locations is broken",
    "KailashBreakerErrorThreshold": "a breaker was opened",
    "KailashCircuitBreakerOpen": "a breaker was opened",
    "KailashBreakerStuckOpen": "nobody closes it",
    "KailashWorkersGone": "nobody works off the tasks",
    "MiroirBackgroundQueueHigh": "there are more jobs than should be, and no pod",
    "MiroirLeaderLeaseLost": "there is no pod to renew it",
}
OF_THIS_MACHINE = ("HostFilesystem", "Container")


class Watched:
    """All watched systems, and the collectors: items that watch them."""

    def __init__(self, stack):
        self._enter = stack.enter_context
        self.collectors = []
        self.left_out = []
        self._postgres = self._enter(Postgres())
        self._redis = self._enter(Redis())
        for add in (self._dagster, self._kailash, self._miroir, self._dashflow, self._atlas, self._sources,
                    self._machine):
            try:
                add()
            except unittest.SkipTest as reason:
                self.left_out.append(f"{add.__name__.strip('_')}: {reason}")

    def _add(self, kind, **options):
        self.collectors.append({"type": kind, "interval": f"{INTERVAL_SECONDS}s", **options})

    def _server(self, **more):
        return {"host": "127.0.0.1", "port": self._postgres.port, "database": self._postgres.DATABASE,
                "user": self._postgres.USER, "password": self._postgres.password, "sslmode": "disable", **more}

    def _dagster(self):
        programs = dagster_programs()
        storage = {"postgres_db": {"hostname": "127.0.0.1", "port": self._postgres.port,
                                   "db_name": self._postgres.DATABASE, "username": self._postgres.USER,
                                   "password": self._postgres.password}}
        dagster = self._enter(RealDagster(programs, f"storage: {json.dumps({'postgres': storage})}\n"))
        dagster.start_webserver()
        dagster.start()
        self._add("dagster", postgres=self._server(), webserver={"url": dagster.url})

    def _kailash(self):
        redis = self._enter(KailashRedis())
        kailash = self._enter(KailashApplication(redis))
        for path in ("stores", "pool?active=3&idle=2&exhausted=2", "breaker?name=payments", "tasks?count=4",
                     "executions?prefix=a&good=3&bad=2&pending=1", "queue"):
            kailash.drive(path)
        kailash.execute("orders")
        self._add("kailash", http={"url": kailash.url}, sqlite={"path": str(kailash.sqlite_file)},
                  redis={"host": "127.0.0.1", "port": redis.port, "password": redis.PASSWORD},
                  breakers=["database", "payments"], pools=[{"name": "main-db", "max_connections": 5}])

    def _miroir(self):
        MiroirTest().fill(self._redis)
        pod = self._enter(Pod())
        store = {"host": "127.0.0.1", "port": self._redis.port}
        self._add("miroir", parts=["task_store", "pods"], redis=store, pods={
            "ready_port": pod.port,
            "static_configs": [{"targets": [f"127.0.0.1:{pod.port}"], "labels": {"pod": "miroir-0"}}]})
        self.collectors.append({"type": "miroir", "name": "miroir-latency", "labels": {"observer": "tocsin"},
                                "interval": "1s", "timeout": "1s", "parts": ["probe"], "redis": store})

    def _dashflow(self):
        pod = DashFlow()
        self._enter(pod.server)
        self._add("dashflow", pods=[{"name": "dashflow-0", "url": pod.server.url, "metrics_urls": [
            f"{pod.server.url}/metrics", f"{pod.server.url}/observability"]}])

    def _atlas(self):
        atlas = Atlas()
        self._enter(atlas.server)
        self._postgres.sql("CREATE ROLE optimizer LOGIN")
        self._add("atlas", pods=[{"name": "atlas-0", "url": atlas.server.url}], pool_size=5, workers=2,
                  postgres={name: value for name, value in self._server().items() if name != "database"})
        self._add("http", targets=[{"name": "atlas", "url": f"{atlas.server.url}/ready",
                                    "expect": {"json": [{"path": "checks.*", "equals": True}]}}])

    def _sources(self):
        self._postgres.sql("CREATE TABLE stock (warehouse text, pieces int); INSERT INTO stock VALUES ('tokyo', 3)")
        self._add("sql", postgres=self._server(), queries=[{
            "name": "stock", "query": "SELECT warehouse, sum(pieces) AS pieces FROM stock GROUP BY warehouse",
            "metrics": [{"name": "shop_stock_pieces", "type": "gauge", "value": "pieces", "labels": ["warehouse"]}]}])
        self._add("postgres", postgres=self._server())
        self._add("redis", redis={"host": "127.0.0.1", "port": self._redis.port},
                  keys=[{"key": "miroir:jobs:_queued", "command": "scard"}],
                  leases=[{"key": "miroir:lease:drift_reconciler", "name": "drift"}])
        bouncer = self._enter(PgBouncer(self._postgres))
        self._add("pgbouncer", pgbouncer={"host": "127.0.0.1", "port": bouncer.port, "user": "stats",
                                          "password": "secret", "sslmode": "disable"})
        prometheus = self._enter(Prometheus("127.0.0.1:9"))
        self._add("prometheus", name="pages", job_name="prometheus",
                  static_configs=[{"targets": [prometheus.url.removeprefix("http://")]}])

    def _machine(self):
        self._add("host")
        self._add("container")
        kube = self._enter(FakeKube())
        for number in range(20):
            kube.put("pods", "floe", f"web-{number}", **test_kubernetes.pod())
        self._add("kubernetes", api_server=kube.url, namespaces=["floe"])

    def config(self):
        # JSON is YAML.
        return json.dumps({"storage": {"path": "state"}, "collectors": self.collectors,
                           "rule_files": [str(harness.ROOT / "alerts" / "*.yaml")]})


class Usage:
    """What a process has used, at a moment."""

    def __init__(self, pid):
        self.at = time.monotonic()
        self.cpu = harness.cpu_seconds(pid)
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        self.memory = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # KiB


def faults(page):
    """What is not as it should be, as lines."""
    wrong = [f"{name}{labels} is {value}" for name in ("tocsin_collector_up", "tocsin_collector_source_up", "up")
             for labels, value in page.series(name) if value != 1]
    for name in ("tocsin_collector_errors_total", "tocsin_samples_dropped_total"):
        wrong += [f"{name}{labels} is {value}" for labels, value in page.series(name) if value]
    return wrong


def rule_faults(tocsin):
    """Rules that fail or were not evaluated, and alerts that fire without a reason."""
    groups = json.loads(tocsin.get("/api/v1/rules").text)["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    wrong = [f"rule {rule['name']} is {rule['health']}: {rule.get('lastError')}" for rule in rules
             if rule["health"] != "ok"]
    return wrong + [f"{rule['name']} fires: {alert['annotations']['description']}" for rule in rules
                    for alert in rule.get("alerts", []) if alert["state"] == "firing"
                    and rule["name"] not in REASONS and not rule["name"].startswith(OF_THIS_MACHINE)]


def watch(tocsin, kinds, seconds):
    """Looks once a second; returns the usage after the warm-up and at the end."""
    end = time.monotonic() + seconds
    warm_at = time.monotonic() + WARM_UP_SECONDS
    tocsin.wait_until("every collector", seconds=INTERVAL_SECONDS * 3, condition=lambda page: (
        len(page.series("tocsin_collector_up")) == kinds and not faults(page)))
    warm = None
    while (now := time.monotonic()) < end:
        if now >= warm_at and warm is None:
            warm = Usage(tocsin.process.pid)
        wrong = faults(tocsin.page())
        if wrong:
            raise AssertionError("\n".join([*wrong, tocsin.log]))
        time.sleep(1)  # Between looks: a look costs what it measures.
    return warm, Usage(tocsin.process.pid)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    arguments.add_argument("--seconds", type=float, default=600)
    options = arguments.parse_args()
    harness.tocsin_binary = options.tocsin.resolve()
    with contextlib.ExitStack() as stack:
        watched = Watched(stack)
        for reason in watched.left_out:
            print(f"left out: {reason}")
        tocsin = stack.enter_context(Tocsin(watched.config()))
        warm, last = watch(tocsin, len(watched.collectors), options.seconds)
        samples = sum(value for _, value in tocsin.page().series("tocsin_collector_samples"))
        wrong = rule_faults(tocsin)
        noise = [line for line in tocsin.process.lines if re.search(r"level=(warn|error)", line)]
    cpu = (last.cpu - warm.cpu) / (last.at - warm.at)
    growth = last.memory / warm.memory - 1
    print(f"{len(watched.collectors)} collectors, {samples:.0f} samples each {INTERVAL_SECONDS} s: {cpu:.2%} of a core, "
          f"{warm.memory / 1024:.1f} MiB and {growth:+.1%} in {last.at - warm.at:.0f} s")
    for line in [*wrong, *noise]:
        print(line)
    return 0 if cpu <= MOST_CPU and growth <= MOST_GROWTH and not wrong and not noise else 1


if __name__ == "__main__":
    sys.exit(main())
