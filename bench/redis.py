#!/usr/bin/env python3
"""Collects from a Redis with tocsin and, where Debian's is installed, with prometheus-redis-exporter.

    bench/redis.py BUILD-DIRECTORY [--quick]

tocsin collects by itself, redis_exporter when it is scraped. CPU is what the process used, user and system, over all
its threads; the time is that of a collection, and that of a scrape. Prints; asserts nothing.
"""
import argparse
import contextlib
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

KEYS = 1000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9


def get(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return answer.read().decode()


def wait_for(url):
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            return get(url)
        if time.monotonic() > deadline:
            raise TimeoutError(url)
        time.sleep(0.05)


@contextlib.contextmanager
def running(command):
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def ask(port, *words):
    done = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout


def measure_tocsin(build, redis_port, collections):
    done = subprocess.run([build / "bench" / "redis_bench", str(redis_port), str(collections)], capture_output=True,
                          text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def measure_exporter(redis_port, scrapes):
    port = free_port()
    with running(["prometheus-redis-exporter", f"--redis.addr=redis://127.0.0.1:{redis_port}",
                  f"--web.listen-address=127.0.0.1:{port}"]) as process:
        url = f"http://127.0.0.1:{port}/metrics"
        wait_for(url)
        before = cpu_seconds(process.pid)
        seconds = []
        page = ""
        for _ in range(scrapes):
            began = time.perf_counter()
            page = get(url)
            seconds.append(time.perf_counter() - began)
        used = cpu_seconds(process.pid) - before
    return used / scrapes * 1e3, statistics.median(seconds) * 1e3, page.count("\nredis_")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--quick", action="store_true")
    options = arguments.parse_args()
    if shutil.which("redis-server") is None:
        print("redis-server is not installed")
        return 0
    times = 50 if options.quick else 300
    redis_port = free_port()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, \
            running(["redis-server", "--port", redis_port, "--save", "", "--dir", folder]):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.CalledProcessError):
                ask(redis_port, "PING")
                break
        ask(redis_port, "EVAL", f"for i = 1, {KEYS} do redis.call('SET', 'key:' .. i, i) end", 0)
        print("| | CPU ms/collection | p50 ms | series | must |\n|---|--:|--:|--:|---|")
        print("| tocsin | {:.3f} | {:.3f} | {:.0f} | <= 0.3 ms |".format(
            *measure_tocsin(options.build.resolve(), redis_port, times)))
        if shutil.which("prometheus-redis-exporter"):
            print("| redis_exporter | {:.3f} | {:.3f} | {} | |".format(*measure_exporter(redis_port, times)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
