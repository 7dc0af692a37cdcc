#!/usr/bin/env python3
"""How long a server is blind when it is started again, beside a real Prometheus with the same data.

    bench/restart.py BUILD-DIRECTORY [--series 100000] [--samples 16] [--rounds 5] [--at-once] [--quick]

Both servers get the same samples by remote write: one of each series at a time, as they come in life, or --at-once, all
of a series in one request, which takes tocsin's history more room. Then they are stopped, by SIGTERM and by SIGKILL in
turns, and started again. Blind is a server from its start to its first answer to an instant query that holds the newest
sample of the series that were written last; CPU is what the process took until then, user and system, all threads.
Prints a table with medians; asserts nothing but that all series are there again.
"""
import argparse
import http.client
import json
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from promql import PATIENCE_SECONDS, instant, load, start_prometheus, start_tocsin

INTERVAL = 15  # 16 samples are within the 5 minutes that a query looks back.
RETRY_SECONDS = 0.001
MUST = "0.1 s, 5.6x"


def process_seconds(pid):
    """CPU time by the nanosecond, with threads that have ended: /proc/PID/stat counts in hundredths. The number of the
    clock is what clock_getcpuclockid(3) gives."""
    return time.clock_gettime(~pid << 3 | 2)


def wait_until_written(server, samples):
    """Until the history of tocsin has gone to the system. Prometheus has written its log before it answers."""
    def value(page, name):
        return float(re.search(rf"^{name} (\S+)", page, re.MULTILINE).group(1))
    if server.name != "tocsin":
        return
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        page = server.query("/metrics").decode()
        if (value(page, "tocsin_storage_history_samples_written_total") >= samples
                and value(page, "tocsin_storage_history_queued_bytes") == 0):
            return
        time.sleep(0.05)
    sys.exit("bench: tocsin does not write its history")


def sees(server, body):
    """Whether an instant query finds something. A server that is not there yet refuses, or answers 503."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", "/api/v1/query", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status == 200 and bool(json.loads(answer.read())["data"]["result"])
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def restart(server, folder, how, body):
    """(seconds that it was blind, CPU seconds until it was not)"""
    server.process.send_signal(how)
    server.process.wait()
    server.connection = None
    began = time.monotonic()
    server.process = subprocess.Popen(  # pylint: disable=consider-using-with
        server.process.args, cwd=folder, stdout=server.log, stderr=server.log)
    while not sees(server, body):
        if server.process.poll() is not None or time.monotonic() > began + PATIENCE_SECONDS:
            sys.exit(f"bench: {server.name} does not come back: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(RETRY_SECONDS)
    seconds = time.monotonic() - began
    return seconds, process_seconds(server.process.pid)


def count_series(server, at):
    result = json.loads(server.query(instant('count({asset!=""})', at)))["data"]["result"]
    return int(result[0]["value"][1]) if result else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("bench: prometheus is missing: ./dev bench installs it")
    rounds = 2 if arguments.quick else arguments.rounds
    stops = {"SIGTERM": signal.SIGTERM, "SIGKILL": signal.SIGKILL}
    found = {(name, how): [] for name in ("tocsin", "Prometheus") for how in stops}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        folder = pathlib.Path(folder)
        servers = [start_tocsin(arguments.build, folder / "tocsin"), start_prometheus(folder / "prometheus")]
        try:
            at = int(time.time()) // INTERVAL * INTERVAL
            # The loader writes this histogram last. A sample that is older than 1 s does not count.
            last = f'last_over_time(h_bucket{{asset="asset_{(arguments.series - 1) // 10:06d}"}}[1s])'
            body = urllib.parse.urlencode({"query": last, "time": at})
            for server in servers:
                per_load = arguments.samples if arguments.at_once else 1
                for end in range(at - (arguments.samples - per_load) * INTERVAL, at + 1, INTERVAL):
                    load(arguments.build, server, arguments.series, INTERVAL, per_load, end)
                wait_until_written(server, arguments.series * arguments.samples)
            for _ in range(rounds):
                for how, number in stops.items():
                    for server in servers:
                        found[server.name, how].append(restart(server, folder / server.name.lower(), number, body))
                        if count_series(server, at) != arguments.series:
                            sys.exit(f"bench: {server.name} has lost series after {how}")
        finally:
            for server in servers:
                server.close()
    print("| series | samples | stopped by | blind ms: tocsin | Prometheus | ratio | CPU ms: tocsin | Prometheus | ratio "
          "| must |\n|--:|--:|---|--:|--:|--:|--:|--:|--:|---|")
    has_must = (arguments.series, arguments.samples) == (100_000, 16)
    for how in stops:
        ours, theirs = ([statistics.median(column) * 1e3 for column in zip(*found[name, how])]
                        for name in ("tocsin", "Prometheus"))
        cells = " | ".join(f"{a:.0f} | {b:.0f} | {b / a:.1f}x" for a, b in zip(ours, theirs))
        print(f"| {arguments.series} | {arguments.samples} | {how} | {cells} | {MUST if has_must else ''} |")


if __name__ == "__main__":
    main()
