#!/usr/bin/env python3
"""The slowest expressions of a folder of rule files, beside a real Prometheus with the same data.

    bench/rulefiles.py BUILD-DIRECTORY [FOLDER] [--quick]

bench/rulefile_bench.cc finds the expressions that take tocsin longest, and makes the series of each, with an hour of
samples at 15 s. Both servers, new for each expression, get them by remote write, and then the same instant query by
turns, as bench/promql.py does it. CPU is what the server process used, user and system, all threads. Prints a table;
asserts nothing.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from promql import instant, measure, start_prometheus, start_tocsin

SHARED = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "rulefiles"
SHOWN = 100


def shorten(expression):
    return (expression if len(expression) <= SHOWN else expression[:SHOWN - 3] + "...").replace("|", "\\|")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("folder", type=pathlib.Path, nargs="?", default=SHARED)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("bench: prometheus is missing: ./dev bench installs it")
    program = arguments.build / "bench/rulefile_bench"
    found = subprocess.run([program, arguments.folder, "--list"], stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode:
        sys.exit(found.returncode)  # It has said why.
    print("| expression | CPU ms: tocsin | Prometheus | ratio | wall ms: tocsin | Prometheus | same answer |\n"
          "|---|--:|--:|--:|--:|--:|---|")
    for expression in found.stdout.splitlines():
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
            folder = pathlib.Path(folder)
            servers = [start_tocsin(arguments.build, folder / "tocsin"), start_prometheus(folder / "prometheus")]
            try:
                at = int(time.time())
                for server in servers:
                    subprocess.run([program, "--write", f"{server.url}/api/v1/write", str(at), expression], check=True)
                result, equal = measure(servers, instant(expression, at), 0.6 if arguments.quick else 3)
            finally:
                for server in servers:
                    server.close()
        (ours, our_wall), (theirs, their_wall) = result["tocsin"], result["Prometheus"]
        ratio = f"{theirs / ours:.1f}x" if ours > 0 else "-"
        print(f"| `{shorten(expression)}` | {ours:.3f} | {theirs:.3f} | {ratio} | {our_wall:.2f} | {their_wall:.2f} | "
              f"{'yes' if equal else 'NO'} |", flush=True)


if __name__ == "__main__":
    main()
