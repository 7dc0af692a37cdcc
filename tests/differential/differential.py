#!/usr/bin/env python3
"""differential.py [--program PROGRAM] [--seed N] [--seeds N] [--count N]: compares tocsin's PromQL with a real Prometheus.

Starts an empty Prometheus for each seed and runs promql_diff against it. The last line tells how many expressions were
compared. Fails if one is answered differently.
"""
import argparse
import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
import harness  # noqa: E402  The path to it has to be known first.

PROGRAM = harness.ROOT / "build" / "tests" / "promql_diff"


@contextlib.contextmanager
def empty_prometheus():
    """The URL of a Prometheus that scrapes nothing, and takes samples of any age by remote write."""
    program = harness.need("prometheus")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-differential-"))
    config = folder / "prometheus.yml"
    config.write_text("global: {evaluation_interval: 1m}\n", encoding="utf-8")
    process = None
    try:
        for _ in range(5):
            port = harness.free_port()
            process = harness.Process(
                [program, f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
                 "--storage.tsdb.min-block-duration=24h", "--storage.tsdb.max-block-duration=24h",
                 "--storage.tsdb.retention.time=100y"])
            try:
                process.find("Server is ready", "Prometheus to start")
                break
            except RuntimeError:  # Someone else has taken the port in the meantime.
                process.end()
        else:
            raise AssertionError(f"Prometheus does not start:\n{process.log}")
        yield f"http://127.0.0.1:{port}"
    finally:
        if process is not None:
            process.end()
        shutil.rmtree(folder, ignore_errors=True)


def compare(program, seed, count):
    """(whether all answers were the same, what promql_diff printed)."""
    with empty_prometheus() as url:
        done = subprocess.run([program, "--url", url, "--seed", str(seed), "--count", str(count)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--program", type=pathlib.Path, default=PROGRAM)
    arguments.add_argument("--seed", type=int, default=1, help="the first seed")
    arguments.add_argument("--seeds", type=int, default=1, help="how many seeds, one after another")
    arguments.add_argument("--count", type=int, default=2000, help="how many expressions of each seed")
    options = arguments.parse_args()
    passed, asked = True, 0
    for seed in range(options.seed, options.seed + options.seeds):
        same, output = compare(options.program, seed, options.count)
        print(output, end="", flush=True)
        passed &= same
        asked += sum(map(int, re.findall(r"^seed \d+: (\d+) expressions", output, re.MULTILINE)))
    print(f"{asked} expressions, {'all answered the same' if passed else 'NOT all answered the same'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
