#!/usr/bin/env python3
"""From a condition to the bytes at a receiver, beside a real Prometheus with its Alertmanager.

    bench/notify.py BUILD-DIRECTORY [--trials 40] [--bursts 10000,20000,100000] [--quick]

Both get the same samples by remote write and the same rule, `load > scalar(gate)`, evaluated every second; one webhook,
`group_wait: 0s`, `group_interval: 1s`. One small write to `gate` makes any number of alerts true in one evaluation.

Latency: the time of a notification's arrival, less that of the evaluation (`startsAt`), and less that of the write. A
burst: from the evaluation until the last alert has arrived, the CPU time of all its processes meanwhile, user and system,
and their peak memory. What has not arrived when nothing new has come for `--patience` counts as lost. Each burst has
new processes, one stack after the other. Prints tables; asserts nothing.
"""
import argparse
import dataclasses
import datetime
import http.client
import json
import pathlib
import random
import re
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time

from promql import Server, free_port

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))
import remote_write  # noqa: E402 pylint: disable=wrong-import-position

RULES = {"groups": [{"name": "g", "interval": "1s", "rules": [{"alert": "A", "expr": "load > scalar(gate)"}]}]}
CLOSED, OPEN = 10.0, 0.0
GROUPINGS = {"one group": [], "each alone": ["..."]}

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ALERT = re.compile(rb'"i": ?"(\d+)"')
_START = re.compile(rb'"startsAt": ?"([^"]+)"')


class Sink:
    """Takes posts as fast as Python can: (time, body) of each, which nobody reads before it is asked for."""

    def __init__(self):
        self.posts = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray()
        while part := connection.recv(1 << 20):
            buffer += part
            while (end := buffer.find(b"\r\n\r\n") + 4) >= 4:
                head = bytes(buffer[:end])
                if b"100-continue" in head.lower() and len(buffer) == end:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                length = int(_LENGTH.search(head)[1])
                if len(buffer) < end + length:
                    break
                self.posts.append((time.time(), bytes(buffer[end:end + length])))
                del buffer[:end + length]
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def close(self):
        self._listener.close()


class Stack:
    """The processes of one side, which take samples and tell `sink`."""

    def __init__(self, name, sink, servers):
        self.name = name
        self.sink = sink
        self._servers = servers
        self._connection = http.client.HTTPConnection("127.0.0.1", servers[0].port, timeout=120)

    def write(self, body):
        self._connection.request("POST", "/api/v1/write", body, {
            "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 204):
            sys.exit(f"bench: {self.name}: {answer.status} {text[:300]!r}")

    def cpu_seconds(self):
        return sum(server.cpu_seconds() for server in self._servers)

    def peak_megabytes(self):
        return sum(int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text(
            encoding="ascii"))[1]) for server in self._servers) / 1024

    def is_ready(self):
        """Whether the rule was evaluated twice, and Prometheus, which takes seconds for that, knows its Alertmanager."""
        page = self._servers[0].query("/metrics").decode()
        return "notifications_alertmanagers_discovered 0" not in page and any(float(value) >= 2 for value in re.findall(
            r"^(?:prometheus|tocsin)_rule_evaluations_total\{[^}]*\} (\S+)", page, re.MULTILINE))

    def close(self):
        self._connection.close()
        for server in self._servers:
            server.close()
        self.sink.close()


def routing(sink, group_by):
    return {"route": {"receiver": "hook", "group_by": group_by, "group_wait": "0s", "group_interval": "1s",
                      "repeat_interval": "1h"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": sink.url, "send_resolved": False}]}]}


def start_tocsin(build, folder, group_by):
    sink, port = Sink(), free_port()
    (folder / "rules.yml").write_text(json.dumps(RULES), encoding="utf-8")  # JSON is YAML.
    (folder / "tocsin.yaml").write_text(json.dumps({
        "server": {"listen": f"127.0.0.1:{port}", "remote_write_receiver": True}, "storage": {"path": "data"},
        "rule_files": ["rules.yml"], "notify": routing(sink, group_by)}), encoding="utf-8")
    return Stack("tocsin", sink, [Server("tocsin", [build / "tocsin", "serve", "--config", "tocsin.yaml"], port, folder)])


def start_peers(_, folder, group_by):
    sink, port, other_port = Sink(), free_port(), free_port()
    (folder / "rules.yml").write_text(json.dumps(RULES), encoding="utf-8")
    (folder / "alertmanager.yml").write_text(json.dumps(routing(sink, group_by)), encoding="utf-8")
    (folder / "prometheus.yml").write_text(json.dumps({
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{other_port}"]}]}]}}),
        encoding="utf-8")
    (folder / "am").mkdir()
    alertmanager = Server("Alertmanager", [
        "prometheus-alertmanager", f"--config.file={folder / 'alertmanager.yml'}",
        f"--web.listen-address=127.0.0.1:{other_port}", "--cluster.listen-address=", "--storage.path=data"],
        other_port, folder / "am")
    prometheus = Server("Prometheus", [
        "prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.path=data", "--web.enable-remote-write-receiver"], port, folder)
    return Stack("Prometheus + Alertmanager", sink, [prometheus, alertmanager])


STARTS = (start_tocsin, start_peers)


def now_ms():
    return int(time.time() * 1000)


def gate(value):
    return [({"__name__": "gate"}, [(now_ms(), value)])]


def moment(text):
    """Seconds. Go writes nanoseconds, with as many digits as it needs."""
    whole, _, fraction = text.decode().removesuffix("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{fraction or 0}")


def wait_until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench: no {what} after {seconds} s")
        time.sleep(0.005)


def latencies(build, start, trials):
    """([seconds since the evaluation], [seconds since the write])"""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        stack = start(build, pathlib.Path(folder), GROUPINGS["each alone"])
        try:
            stack.write(remote_write.encode(gate(OPEN)))
            wait_until("evaluation or Alertmanager", stack.is_ready)
            since_evaluation, since_write = [], []
            for trial in range(trials):
                time.sleep(random.random())  # At any time between two evaluations.
                written = time.time()
                stack.write(remote_write.encode(
                    [({"__name__": "load", "i": str(trial)}, [(now_ms(), 1.0)]), *gate(OPEN)]))
                wait_until("notification", lambda n=trial: len(stack.sink.posts) > n)
                arrived, body = stack.sink.posts[trial]
                since_evaluation.append(arrived - moment(_START.search(body)[1]))
                since_write.append(arrived - written)
            return since_evaluation, since_write
        finally:
            stack.close()


@dataclasses.dataclass
class Burst:
    received: int
    seconds: float  # From the evaluation until the last one arrived.
    cpu: float
    posts: int
    megabytes: float


def burst(build, start, count, group_by, patience):
    # Prepared before the clock starts; a write takes 16 MiB at most.
    samples = [({"__name__": "load", "i": str(i), "job": "app", "instance": f"host-{i % 100}"}, [(now_ms(), 1.0)])
               for i in range(count)]
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        stack = start(build, pathlib.Path(folder), group_by)
        try:
            stack.write(remote_write.encode(gate(CLOSED)))
            for begin in range(0, count, 20_000):
                stack.write(remote_write.encode(samples[begin:begin + 20_000]))
            wait_until("evaluation or Alertmanager", stack.is_ready)
            cpu = stack.cpu_seconds()
            stack.write(remote_write.encode(gate(OPEN)))
            seen, last, first, used = set(), 0.0, 0.0, 0.0
            read, changed = 0, time.monotonic()
            while len(seen) < count and time.monotonic() < changed + patience:
                posts = stack.sink.posts
                while read < len(posts):
                    arrived, body = posts[read]
                    read += 1
                    new = set(_ALERT.findall(body)) - seen
                    if new:
                        first = first or moment(_START.search(body)[1])
                        last, used, changed = arrived, stack.cpu_seconds() - cpu, time.monotonic()
                        seen |= new
                time.sleep(0.002)
            return Burst(len(seen), last - first, used, len(stack.sink.posts), stack.peak_megabytes())
        finally:
            stack.close()


def ratio(ours, theirs):
    return f"{theirs / ours:.1f}x" if ours > 0 else "-"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def print_latencies(build, trials):
    ours, theirs = (latencies(build, start, trials) for start in STARTS)
    print("| since | | ms: tocsin | Prometheus + Alertmanager | ratio |\n|---|---|--:|--:|--:|")
    for name, mine, other in zip(("the evaluation", "the write"), ours, theirs):
        for what, pick in (("median", statistics.median), ("p99", lambda values: percentile(values, 0.99))):
            mine_ms, other_ms = pick(mine) * 1e3, pick(other) * 1e3
            print(f"| {name} | {what} | {mine_ms:.2f} | {other_ms:.2f} | {ratio(mine_ms, other_ms)} |", flush=True)


def print_bursts(build, bursts, patience):
    print("\n| alerts | grouping | | tocsin | Prometheus + Alertmanager | ratio |\n|--:|---|---|--:|--:|--:|")
    for count, grouping in bursts:
        ours, theirs = (burst(build, start, count, GROUPINGS[grouping], patience) for start in STARTS)
        where = f"| {count} | {grouping} |"
        print(f"{where} lost | {count - ours.received} | {count - theirs.received} | |")
        for what, unit, digits in (("seconds", "s to the last", 3), ("cpu", "CPU s", 3), ("megabytes", "MB at most", 0)):
            mine, other = getattr(ours, what), getattr(theirs, what)
            print(f"{where} {unit} | {mine:.{digits}f} | {other:.{digits}f} | {ratio(mine, other)} |")
        print(f"{where} posts | {ours.posts} | {theirs.posts} | |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--bursts", default="10000,20000,100000")
    parser.add_argument("--patience", type=float, default=20)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    for program in ("prometheus", "prometheus-alertmanager"):
        if shutil.which(program) is None:
            sys.exit(f"bench: {program} is missing: ./dev bench installs it")
    sizes = [10_000] if arguments.quick else [int(size) for size in arguments.bursts.split(",")]
    print_latencies(arguments.build, 10 if arguments.quick else arguments.trials)
    print_bursts(arguments.build, [(sizes[0], "one group"), (sizes[0], "each alone"),
                                   *((size, "one group") for size in sizes[1:])], arguments.patience)


if __name__ == "__main__":
    main()
