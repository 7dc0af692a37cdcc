#!/usr/bin/env python3
"""Queries, ingestion and memory, beside a real Prometheus with the same data.

    bench/promql.py BUILD-DIRECTORY [--series 1000,10000,100000] [--quick]

Both servers get an hour of samples at 5 s by remote write (see bench/remote_write_load.cc), and then the same instant
and range queries in turns over one keep-alive connection each. CPU is what the server process used, user and system,
all threads. Prints tables; asserts nothing.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 120
INTERVAL = 5
HOUR = 3600 // INTERVAL + 1
DAY = 86400 // INTERVAL

INSTANT = {
    "selector": "m > 0.9",
    "selector, few": "m > 0.9985",
    "sum by rate[1m]": "sum by (job) (rate(c[1m])) > 5",
    "rate[5m]": "rate(c[5m]) > 1e9",
    "increase[1h]": "increase(c[1h]) > 1e9",
    "sum by": "sum by (job) (m)",
    "histogram_quantile": "histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m]))) > 1",
    "group_left join": "sum by (job) (m * on (asset, instance, job) group_left () (c > bool 0))",
    "quantile_over_time": "quantile_over_time(0.9, m[5m]) > 0.999",
    "one series": 'm{asset="asset_000001"} > 0.9',
}
RANGE = {  # Over half an hour, at 30 s.
    "range: sum by rate[1m]": "sum by (job) (rate(c[1m]))",
    "range: max": "max(m)",
    "range: histogram_quantile": "histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m])))",
}
DAY_QUERY = ("count_over_time[1d]", "max(count_over_time(d[1d]))")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process with a folder of its own."""

    def __init__(self, name, arguments, port, folder):
        self.name = name
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(folder / "log", "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(arguments, cwd=folder, stdout=self.log, stderr=self.log)
        self.connection = None
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self.get("/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"bench: {name} does not start: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def get(self, target):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            self.connection.request("GET", target)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.connection = None
            raise

    def query(self, target):
        try:
            status, body = self.get(target)
        except (OSError, http.client.HTTPException):  # Closed, for we have been silent for long.
            status, body = self.get(target)
        if status != 200:
            sys.exit(f"bench: {self.name}: {status} {body[:300]!r} for {target}")
        return body

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_SECONDS

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


def start_prometheus(folder):
    folder.mkdir()
    (folder / "prometheus.yml").write_text("global: {evaluation_interval: 1m}\n", encoding="utf-8")
    port = free_port()
    return Server("Prometheus", [
        "prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.path=data", "--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=26h",
        "--storage.tsdb.max-block-duration=26h", "--storage.tsdb.retention.time=10y"], port, folder)


def start_tocsin(build, folder):
    folder.mkdir()
    port = free_port()
    (folder / "tocsin.yaml").write_text(
        f"server: {{listen: '127.0.0.1:{port}', remote_write_receiver: true}}\n"
        "storage: {path: data, retention: 0}\nglobal: {evaluation_interval: 1m}\n", encoding="utf-8")
    return Server("tocsin", [build / "tocsin", "serve", "--config", "tocsin.yaml"], port, folder)


def load(build, server, *arguments):
    """Returns the CPU seconds that the server took."""
    before = server.cpu_seconds()
    subprocess.run([build / "bench/remote_write_load", f"{server.url}/api/v1/write", *map(str, arguments)], check=True)
    return server.cpu_seconds() - before


def instant(expression, at):
    return "/api/v1/query?" + urllib.parse.urlencode({"query": expression, "time": at})


def over_range(expression, at):
    return "/api/v1/query_range?" + urllib.parse.urlencode(
        {"query": expression, "start": at - 1800, "end": at, "step": 30})


def same(a, b):
    """Whether two answers hold the same series with nearly the same values."""
    def points(body):
        found = {}
        for series in json.loads(body)["data"]["result"]:
            name = json.dumps(series["metric"], sort_keys=True)
            found[name] = [float(value) for _, value in series.get("values", [series.get("value")])]
        return found
    left, right = points(a), points(b)
    return left.keys() == right.keys() and all(
        len(left[name]) == len(right[name]) and
        all(x == y or abs(x - y) <= 1e-9 * max(abs(x), abs(y)) for x, y in zip(left[name], right[name]))
        for name in left)


def measure(servers, target, seconds):
    """Returns {name: (CPU ms per query, median wall ms)} and whether both answered the same."""
    answers = [server.query(target) for server in servers]  # Warm.
    for server in servers:
        server.query(target)
    cpu = dict.fromkeys((server.name for server in servers), 0.0)
    times = {server.name: [] for server in servers}
    for _ in range(3):
        for server in servers:
            before = server.cpu_seconds()
            end = time.monotonic() + seconds / 3
            while time.monotonic() < end:
                began = time.perf_counter()
                server.query(target)
                times[server.name].append(time.perf_counter() - began)
            cpu[server.name] += server.cpu_seconds() - before
    result = {name: (cpu[name] / len(times[name]) * 1e3, statistics.median(times[name]) * 1e3) for name in cpu}
    return result, same(*answers)


def row(series, kind, result, equal):
    ours, theirs = result["tocsin"], result["Prometheus"]
    ratio = f"{theirs[0] / ours[0]:.1f}x" if ours[0] > 0 else "-"
    print(f"| {series} | {kind} | {ours[0]:.3f} | {theirs[0]:.3f} | {ratio} | {ours[1]:.2f} | {theirs[1]:.2f} | "
          f"{'yes' if equal else 'NO'} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--series", default="1000,10000,100000")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("bench: prometheus is missing: ./dev bench installs it")
    seconds = 0.6 if arguments.quick else 3
    sizes = [1000, 10000] if arguments.quick else [int(size) for size in arguments.series.split(",")]
    print("| series | query | CPU ms: tocsin | Prometheus | ratio | wall ms: tocsin | Prometheus | same answer |")
    print("|--:|---|--:|--:|--:|--:|--:|---|")
    loads = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
            folder = pathlib.Path(folder)
            servers = [start_tocsin(arguments.build, folder / "tocsin"), start_prometheus(folder / "prometheus")]
            try:
                at = int(time.time())
                if size == 1000:
                    for server in servers:
                        load(arguments.build, server, 1000, INTERVAL, DAY, at, "d")
                    result, equal = measure(servers, instant(DAY_QUERY[1], at), seconds)
                    row(size, DAY_QUERY[0], result, equal)
                for server in servers:
                    before = server.rss_bytes()
                    cpu = load(arguments.build, server, size, INTERVAL, HOUR, at)
                    loads.append((size, server.name, cpu / (size * HOUR) * 1e6, (server.rss_bytes() - before) / size))
                for kind, expression in INSTANT.items():
                    row(size, kind, *measure(servers, instant(expression, at), seconds))
                for kind, expression in RANGE.items():
                    row(size, kind, *measure(servers, over_range(expression, at), seconds))
            finally:
                for server in servers:
                    server.close()
    print("\n| series | server | CPU us per sample written | RSS bytes per series, with an hour of samples |")
    print("|--:|---|--:|--:|")
    for size, name, cpu, rss in loads:
        print(f"| {size} | {name} | {cpu:.3f} | {rss:.0f} |")


if __name__ == "__main__":
    main()
