#!/usr/bin/env python3
"""What a scraped sample costs tocsin, beside a real Prometheus.

    bench/scrape.py BUILD-DIRECTORY [--series 100000] [--seconds 30] [--quick]

Both scrape the same page of series with three labels every second; from one scrape to the next all values change. CPU
is user and system time of the whole process, over all threads, from /proc/PID/stat, for each sample that was scraped:
fetching, parsing, storing, and whatever else the server does meanwhile. Prints a table; asserts nothing.
"""
import argparse
import http.server
import itertools
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))
# pylint: disable=wrong-import-position
import harness  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from tocsin import Tocsin  # noqa: E402

WARM_UP_SCRAPES = 5
PER_FAMILY = 1000
CONFIG = """\
storage: {path: state}
collectors:
  - {type: prometheus, name: bench, interval: 1s, timeout: 1s, sample_limit: 0, body_size_limit: 100MB,
     static_configs: [{targets: ["ADDRESS"]}]}
"""


def make_page(series, seed):
    """As that of bench/page_bench.cc: half of the values whole numbers, a quarter with three decimals, a quarter with
    all digits."""
    values = random.Random(seed)
    lines = []
    for number in range(series):
        family = f"bench_requests_{number // PER_FAMILY}_total"
        if number % PER_FAMILY == 0:
            lines.append(f"# HELP {family} Requests.\n# TYPE {family} counter")
        kind = values.random()
        value = (values.randrange(10**7) if kind < 0.5 else values.randrange(10**7) / 1000 if kind < 0.75
                 else values.random())
        lines.append(f'{family}{{method="GET",path="/api/v1/items/{number % PER_FAMILY}",status="200"}} {value}')
    return ("\n".join(lines) + "\n").encode()


class Pages:
    """Serves two pages by turns, and counts."""

    def __init__(self, series):
        self.served = 0
        turns = itertools.cycle([make_page(series, 1), make_page(series, 2)])
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = next(turns)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                pages.served += 1

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def microseconds_per_sample(pid, pages, series, seconds):
    harness.wait_for("the first scrapes", lambda: pages.served >= WARM_UP_SCRAPES, seconds=60)
    cpu, served = harness.cpu_seconds(pid), pages.served
    time.sleep(seconds)
    return (harness.cpu_seconds(pid) - cpu) / (pages.served - served) / series * 1e6


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--series", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--quick", action="store_true")
    options = arguments.parse_args()
    seconds = 8 if options.quick else options.seconds
    harness.tocsin_binary = options.build.resolve() / "tocsin"
    with Pages(options.series) as pages, Prometheus(pages.address) as prometheus:
        theirs = microseconds_per_sample(prometheus.pid, pages, options.series, seconds)
    with Pages(options.series) as pages, Tocsin(CONFIG.replace("ADDRESS", pages.address)) as tocsin:
        ours = microseconds_per_sample(tocsin.process.pid, pages, options.series, seconds)
    print("| series | us of CPU per sample: tocsin | Prometheus | ratio | must |\n|--:|--:|--:|--:|--:|")
    print(f"| {options.series} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.0f}x | 11x |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
