#!/usr/bin/env python3
"""Evaluation of rules, beside a real Prometheus with the same data and the same rule files.

    bench/rules.py BUILD-DIRECTORY [--series 1000,10000,100000] [--rounds 12] [--quick]

Both servers get an hour of samples at 5 s by remote write, then one sample of each series every 5 s, while they evaluate
groups with an interval of 5 s. What a group took is what each server says of it
(`*_rule_group_last_duration_seconds`), the median over the rounds; the processor time is that of the whole server,
which also receives the samples. Prints tables; asserts nothing but that no evaluation has failed.
"""
import argparse
import json
import pathlib
import re
import shutil
import statistics
import sys
import tempfile
import time

from promql import HOUR, INTERVAL, Server, free_port, load

KINDS = {
    "sum by rate[1m]": "sum by (job) (rate(c[1m])) > 1e9",
    "m > x": "m > 0.9",
    "m > x, few": "m > 0.9985",
    "histogram_quantile": "histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m]))) > 1e9",
    "increase[1h]": "increase(c[1h]) > 1e9",
}


def narrow(i):
    return f'avg_over_time(m{{asset="asset_{i % 500:06d}"}}[1m]) > 2'


def wide(i):
    return f"sum by (job) (rate(c[1m])) > {1e9 + i}"


MANY = {"narrow": narrow, "wide": wide}


def write_rules(path, groups):
    """JSON is YAML."""
    path.write_text(json.dumps({"groups": [
        {"name": name, "interval": f"{INTERVAL}s",
         "rules": [{"alert": f"A{i}", "expr": expression} for i, expression in enumerate(expressions)]}
        for name, expressions in groups.items()]}), encoding="utf-8")


def start_prometheus(folder, groups):
    folder.mkdir()
    write_rules(folder / "rules.yml", groups)
    (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n", encoding="utf-8")
    port = free_port()
    return Server("Prometheus", [
        "prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.path=data", "--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=26h",
        "--storage.tsdb.max-block-duration=26h", "--storage.tsdb.retention.time=10y"], port, folder)


def start_tocsin(build, folder, groups):
    folder.mkdir()
    write_rules(folder / "rules.yml", groups)
    port = free_port()
    (folder / "tocsin.yaml").write_text(
        f"server: {{listen: '127.0.0.1:{port}', remote_write_receiver: true}}\n"
        "storage: {path: data, retention: 0}\nrule_files: [rules.yml]\n", encoding="utf-8")
    return Server("tocsin", [build / "tocsin", "serve", "--config", "tocsin.yaml"], port, folder)


def group_seconds(server):
    """{group: seconds of its last evaluation}"""
    page = server.query("/metrics").decode()
    found = {}
    for name, value in re.findall(r'rule_group_last_duration_seconds\{rule_group="[^"]*;([^";]*)"\} (\S+)', page):
        found[name] = float(value)
    failures = sum(float(value) for value in re.findall(r"rule_evaluation_failures_total\{[^}]*\} (\S+)", page))
    if failures:
        sys.exit(f"bench: {server.name}: {failures} evaluations failed")
    return found


def run(build, size, groups, rounds):
    """{server: ({group: median ms}, CPU s per minute)}"""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        folder = pathlib.Path(folder)
        servers = [start_tocsin(build, folder / "tocsin", groups),
                   start_prometheus(folder / "prometheus", groups)]
        try:
            at = int(time.time()) // INTERVAL * INTERVAL
            for server in servers:
                load(build, server, size, INTERVAL, HOUR, at)
            seconds = {server.name: {name: [] for name in groups} for server in servers}
            # What was written while the hour was loaded is missing: one series of samples closes the gap.
            began = time.monotonic()
            warm_up = 2
            for turn in range(warm_up + rounds):
                if turn == warm_up:
                    measured_from = time.monotonic()
                    cpu_before = {server.name: server.cpu_seconds() for server in servers}
                now = int(time.time()) // INTERVAL * INTERVAL
                for server in servers:
                    load(build, server, size, INTERVAL, max(1, (now - at) // INTERVAL), now)
                at = now
                wait = began + (turn + 1) * INTERVAL - time.monotonic()
                time.sleep(max(0.1, wait))  # The rhythm of the samples.
                for server in servers if turn >= warm_up else []:
                    for name, took in group_seconds(server).items():
                        seconds[server.name][name].append(took * 1e3)
            minutes = (time.monotonic() - measured_from) / 60
            return {server.name: ({name: statistics.median(values) for name, values in
                                   seconds[server.name].items() if values},
                                  (server.cpu_seconds() - cpu_before[server.name]) / minutes) for server in servers}
        finally:
            for server in servers:
                server.close()


def print_row(size, name, ours, theirs, unit=""):
    ratio = f"{theirs / ours:.0f}x" if ours > 0 else "-"
    print(f"| {size} | {name} | {ours:.3f}{unit} | {theirs:.3f}{unit} | {ratio} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--series", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("bench: prometheus is missing: ./dev bench installs it")
    rounds = 4 if arguments.quick else arguments.rounds
    sizes = [1000, 10000] if arguments.quick else [int(size) for size in arguments.series.split(",")]
    print("| series | group | ms: tocsin | Prometheus | ratio |\n|--:|---|--:|--:|--:|")
    for size in sizes:
        found = run(arguments.build, size, {name: [expression] for name, expression in KINDS.items()}, rounds)
        (ours, our_cpu), (theirs, their_cpu) = found["tocsin"], found["Prometheus"]
        for name in KINDS:
            print_row(size, name, ours[name], theirs[name])
        per_minute = 60 / INTERVAL / 1e3
        print_row(size, "all five, s per minute", sum(ours.values()) * per_minute, sum(theirs.values()) * per_minute)
        print_row(size, "the server, CPU s per minute", our_cpu, their_cpu)
    for kind, expression in MANY.items():
        for size in sizes:
            # Prometheus needs 80 ms for a wide rule over 100,000 series: more of them than fit into an interval.
            counts = [count for count in (1, 100, 1000) if kind == "narrow" or count * size <= 1_000_000]
            found = run(arguments.build, size, {f"{count} {kind} rules": [expression(i) for i in range(count)]
                                                for count in counts}, rounds)
            for name in found["tocsin"][0]:
                print_row(size, name, found["tocsin"][0][name], found["Prometheus"][0][name])


if __name__ == "__main__":
    main()
