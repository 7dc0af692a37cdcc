#!/usr/bin/env python3
"""What one collection of the collector `postgres` costs, beside a scrape of Debian's prometheus-postgres-exporter.

    bench/postgres.py BUILD-DIRECTORY [--collections 400] [--databases 5] [--quick]

Both watch the same real PostgreSQL, with some databases and idle sessions. The time of tocsin is that of a collection
(bench/postgres_bench.cc), with the topics that it reads once in minutes as often as at an interval of 15 s; that of the
exporter, which reads everything each time, is that of a request. CPU is that of the process alone, not of the server.
Prints a table; asserts nothing. Without the exporter, tocsin stands alone.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))
# pylint: disable=wrong-import-position
import harness  # noqa: E402
from postgres import Postgres  # noqa: E402


def watch_tocsin(postgres, build, count):
    """(median, 99th percentile, CPU) of a collection in milliseconds, and its samples."""
    done = subprocess.run([build / "bench" / "postgres_bench", "127.0.0.1", str(postgres.port), postgres.USER,
                           postgres.DATABASE, str(count)], check=True, text=True, stdout=subprocess.PIPE,
                          env={**os.environ, "PGPASSWORD": postgres.password})
    return [float(number) for number in done.stdout.split()]


def watch_exporter(postgres, binary, count):
    """The same for the requests of an exporter."""
    port = harness.free_port()
    environment = {**os.environ, "DATA_SOURCE_NAME": (
        f"postgresql://{postgres.USER}:{postgres.password}@127.0.0.1:{postgres.port}/{postgres.DATABASE}"
        "?sslmode=disable")}
    exporter = harness.Process([binary, f"--web.listen-address=127.0.0.1:{port}"], env=environment)
    try:
        url = f"http://127.0.0.1:{port}/metrics"
        harness.wait_for("the exporter", lambda: "\npg_up 1" in harness.http("GET", url).text)
        cpu = harness.cpu_seconds(exporter.pid)
        answers = [harness.http("GET", url) for _ in range(count)]
        cpu = harness.cpu_seconds(exporter.pid) - cpu
        times = sorted(answer.seconds * 1e3 for answer in answers)
        samples = sum(line.startswith("pg_") for line in answers[-1].text.splitlines())
        return [statistics.median(times), times[len(times) * 99 // 100], cpu * 1e3 / count, samples]
    finally:
        exporter.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--collections", type=int, default=400)
    parser.add_argument("--databases", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="50 collections")
    arguments, _ = parser.parse_known_args()
    count = 50 if arguments.quick else arguments.collections
    with Postgres() as postgres, contextlib.ExitStack() as sessions:
        for i in range(arguments.databases):
            postgres.sql(f"CREATE DATABASE shop_{i}")
        for _ in range(5):
            sessions.enter_context(postgres.session("SELECT 1;"))
        rows = {"tocsin": watch_tocsin(postgres, arguments.build, count)}
        binary = shutil.which("prometheus-postgres-exporter")
        if binary is not None:
            rows["postgres_exporter"] = watch_exporter(postgres, binary, count)
        print(f"{'':<20} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8} {'samples':>8}")
        for name, (median, late, cpu, samples) in rows.items():
            print(f"{name:<20} {median:>8.2f} {late:>8.2f} {cpu:>8.2f} {samples:>8.0f}")


if __name__ == "__main__":
    main()
