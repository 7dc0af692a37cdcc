#!/usr/bin/env python3
"""live.py [--tocsin BINARY] [--dashboards FOLDER] [--seconds N]: does every query of every board give data?

Starts what watched.py has, a tocsin that watches it with all rule packs, and a real Prometheus that scrapes that tocsin
with the same packs. Resolves the boards' variables and runs each query as Grafana would, on both: there must be numbers,
and the labels that legends and columns show. Queries in quiet.yaml give no data, for the reason that it says. Then a
metric is renamed in a copy of the boards, which must be noticed. In the end everything that is watched dies; promtool has
to find nothing in the pages of metrics, be it the first one, a later one or the last one.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import time

import yaml

import boards
from watched import ROOT, Watched

import harness  # noqa: E402  From tests/integration, which watched.py made known.
from prometheus import Prometheus, promtool_findings  # noqa: E402
from sink import HttpSink  # noqa: E402
from tocsin import Tocsin  # noqa: E402

PACKS = [str(ROOT / "alerts" / "*.yaml"), str(ROOT / "alerts" / "optional" / "*.yaml")]
RENAMED = ("dagster_runs_in_flight", "dagster_runs_on_the_moon")
# Names that are not tocsin's to choose, and what promtool says of them: of recording rules, of node_exporter, of Miroir.
FOREIGN = re.compile(r"\w*:[\w:]* metric names should not contain ':'|"
                     r"node_(memory|netstat)_\w+ metric names should be written in 'snake_case'|"
                     r"miroir_(mode_b_\w+|canary_latency_ms|search_ui_p95_ms) .* abbreviated units|"
                     r"miroir_(degraded_shards_total|peer_pod_count|session_active_count) non-\w+ .* suffix")


def config(watched, sink):
    # JSON is YAML.
    return json.dumps({
        "global": {"evaluation_interval": "2s"}, "storage": {"path": "state"}, "collectors": watched.collectors,
        "rule_files": PACKS,
        "notify": {"deadman_url": f"http://{sink.address}/deadman",
                   "route": {"receiver": "hook", "group_wait": "0s", "group_interval": "1s"},
                   "alertmanagers": [{"url": f"http://{sink.address}"}],
                   "receivers": [{"name": "hook", "webhook_configs": [{"url": f"http://{sink.address}/hook"}]}]}})


def quiet_targets():
    """{(board, panel, number or None): reason}."""
    listed = yaml.safe_load((pathlib.Path(__file__).parent / "quiet.yaml").read_text(encoding="utf-8")) or []
    return {(each["board"], each["panel"], each.get("query")): each["reason"] for each in listed}


class Check:
    """One data source: which queries have given data up to now."""

    def __init__(self, name, url, shown):
        self.name = name
        self.source = boards.Source(url)
        self.shown = shown
        self.missing = {target: "" for board, content in shown.items() for target in boards.targets(board, content)}

    def look(self):
        """Runs the queries that have given nothing yet."""
        now = time.time()
        for board, content in self.shown.items():
            variables, empty = boards.resolve(content, self.source)
            for target in [target for target in self.missing if target.board == board]:
                try:
                    self.missing[target] = self.source.problem(target, variables, now)
                except ValueError as error:
                    self.missing[target] = str(error)
                if not self.missing[target]:
                    del self.missing[target]
                elif empty:
                    self.missing[target] += f"; no values for {', '.join(empty)}"


def is_quiet(target, quiet):
    return (target.board, target.panel, None) in quiet or (target.board, target.panel, target.number) in quiet


def wait(checks, quiet, seconds):
    """Until only what is quiet is missing, or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        for check in checks:
            check.look()
        if all(is_quiet(target, quiet) for check in checks for target in check.missing):
            return
        if time.monotonic() > deadline:
            return
        time.sleep(2)  # Between looks.


def report(checks, quiet, left_out):
    failures = 0
    for check in checks:
        wrong = {target: why for target, why in check.missing.items() if not is_quiet(target, quiet)}
        skipped = {target for target in wrong if target.board in left_out}
        total = sum(1 for board, content in check.shown.items() for _ in boards.targets(board, content))
        print(f"{check.name}: {total} queries, {total - len(check.missing)} with data, "
              f"{len(check.missing) - len(wrong)} quiet as listed, {len(skipped)} left out")
        for target, why in wrong.items():
            if target in skipped:
                continue
            failures += 1
            print(f"  {target}: {why}: {target.expr}")
    return failures


def renamed(shown):
    text = json.dumps(shown)
    assert RENAMED[0] in text
    return json.loads(re.sub(rf"\b{RENAMED[0]}\b", RENAMED[1], text))


class Pages:
    """The pages of metrics that promtool has looked at."""

    def __init__(self, tocsin):
        self._tocsin = tocsin
        self._looked = 0
        self._faults = []

    def look(self, when):
        _, said = promtool_findings(self._tocsin.get("/metrics").text)
        self._looked += 1
        self._faults += [f"{when}: {line}" for line in said.splitlines() if not FOREIGN.match(line)]

    def look_at_ruins(self):
        """To a collector of several things, one that is down is a finding, and no error: the others tell when."""
        self._tocsin.wait_until("collectors of one thing to be down", lambda page: not any(
            page.value("tocsin_collector_up", name=name) for name in ("dagster", "container", "pgbouncer")))
        self.look("when all is dead")

    def report(self):
        print(f"promtool: {self._looked} pages of metrics, {len(self._faults)} faults", *self._faults, sep="\n  ")
        return len(self._faults)


def check_boards(watched, tocsin, shown, seconds):
    """Whether every query gives data that should."""
    quiet = quiet_targets()
    for board, reason in watched.left_out.items():
        print(f"left out: {board}: {reason}")
    with Prometheus(tocsin.url.removeprefix("http://"), more=f"rule_files: {json.dumps(PACKS)}\n") as prometheus:
        checks = [Check("tocsin", tocsin.url, shown), Check("Prometheus", prometheus.url, shown)]
        wait(checks, quiet, seconds)
        if report(checks, quiet, watched.left_out):
            print(tocsin.log[-2000:])
            return False
        control = Check("control", prometheus.url, renamed(shown))
        control.look()
        caught = [target for target in control.missing if RENAMED[1] in target.expr]
        print(f"control: {len(caught)} queries of a renamed metric were noticed")
        unlisted = {key for key in quiet if not any(
            target.board == key[0] and target.panel == key[1] for check in checks for target in check.missing)}
        for key in unlisted:
            print(f"quiet.yaml: {key[0]}: {key[1]} gives data: it is not quiet")
        return bool(caught) and not unlisted


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    arguments.add_argument("--dashboards", type=pathlib.Path, default=ROOT / "dashboards")
    arguments.add_argument("--seconds", type=float, default=240)
    options = arguments.parse_args()
    harness.tocsin_binary = options.tocsin.resolve()
    with contextlib.ExitStack() as world, HttpSink() as sink:
        watched = world.enter_context(Watched())
        with Tocsin(config(watched, sink)) as tocsin:
            pages = Pages(tocsin)
            pages.look("the first one")
            good = check_boards(watched, tocsin, boards.load(options.dashboards), options.seconds)
            pages.look("a later one")
            world.close()
            pages.look_at_ruins()
            return 1 if pages.report() or not good else 0


if __name__ == "__main__":
    sys.exit(main())
