#!/usr/bin/env python3
"""Each rule of check.py finds the mistake that is planted for it."""
import json
import pathlib
import tempfile
import unittest

import boards
import check


def graph(board):
    return next(panel for panel in board["panels"] if panel["type"] == "timeseries")


def rename(board, to):
    target = graph(board)["targets"][0]
    target["expr"] = to


FAULTS = {
    "its uid was tocsin-dagster, and must stay": lambda board: board.update(uid="dagster"),
    "schemaVersion is not 42": lambda board: board.update(schemaVersion=30),
    "has no tag tocsin": lambda board: board.update(tags=["dagster"]),
    "graphs do not share a crosshair": lambda board: board.update(graphTooltip=0),
    "timezone": lambda board: board.update(timezone="utc"),
    "refresh is no text": lambda board: board.update(refresh=False),
    "does not begin an hour ago": lambda board: board["time"].update({"from": "now-6h"}),
    "can be edited": lambda board: board.update(editable=True),
    "has version": lambda board: board.update(version=3),
    "has __inputs": lambda board: board.update(__inputs=[]),
    "has no title or description": lambda board: board.update(description=""),
    "does not link to the other boards": lambda board: board["links"][0].update(keepTime=False),
    "bytes": lambda board: board.update(description="x" * 300_000),
    "variables begin with": lambda board: board["templating"]["list"].pop(0),
    "All of job is .*": lambda board: board["templating"]["list"][1].update(allValue=".*"),
    "variable instance: All, several": lambda board: board["templating"]["list"][2].update(multi=False),
    "annotation Alerts that fire: nothing exports ALARMS": lambda board: board["annotations"]["list"][1].update(
        expr='ALARMS{job="a"}'),
    "two panels have one id": lambda board: graph(board).update(id=1),
    "lies on another panel": lambda board: graph(board)["gridPos"].update(x=3),
    "is beyond the 24 columns": lambda board: graph(board)["gridPos"].update(x=20),
    "cells are empty": lambda board: graph(board)["gridPos"].update(h=7),
    "is open and has panels in it": lambda board: board["panels"][-1].update(collapsed=False),
    "dashboards: no panel names the alert DagsterDaemonMissing": lambda board: board["panels"].pop(
        next(i for i, panel in enumerate(board["panels"]) if panel["title"] == "Heartbeat age by daemon")),
    "no description": lambda board: graph(board).update(description=""),
    "unit seconds": lambda board: graph(board)["fieldConfig"]["defaults"].update(unit="seconds"),
    "thresholds are in disorder": lambda board: graph(board)["fieldConfig"]["defaults"]["thresholds"].update(
        steps=[{"color": "green", "value": None}, {"color": "red", "value": 9}, {"color": "blue", "value": 3}]),
    "the axis need not reach [60, 120]": lambda board: graph(board)["fieldConfig"]["defaults"]["custom"].update(
        axisSoftMax=100),
    "the axis need not reach []": lambda board: graph(board)["fieldConfig"]["defaults"].update(
        custom={}, thresholds={"steps": [{"color": "green", "value": None}]}),
    "data source": lambda board: graph(board)["datasource"].update(uid="prometheus"),
    "no queries": lambda board: graph(board).update(targets=[]),
    "nothing exports dagster_moon": lambda board: rename(board, 'dagster_moon{job=~"$job"}'),
    "rate of dagster_backfills, a gauge": lambda board: rename(board, 'rate(dagster_backfills{a="b"}[5m])'),
    "dagster_runs_failed_total without rate()": lambda board: rename(board, 'dagster_runs_failed_total{a="b"}'),
    "never succeeded is shown as if it had in 1970": lambda board: rename(
        board, 'time() - tocsin_collector_last_success_timestamp_seconds{a="b"}'),
    "selects nothing": lambda board: rename(board, "vector(1)"),
    "several series without a legend": lambda board: graph(board).update(
        targets=[{**graph(board)["targets"][0], "legendFormat": "__auto"}] * 2),
}


class CheckTest(unittest.TestCase):
    known = check.known_metrics(check.ROOT)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-boards-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "dashboards").mkdir()
        self.write(boards.load())

    def write(self, shown):
        for name, board in shown.items():
            (self.root / "dashboards" / f"{name}.json").write_text(json.dumps(board), encoding="utf-8")

    def test_what_is_shipped_is_right(self):
        self.assertEqual(check.Checker(self.root, self.known).check(), [])

    def test_every_planted_mistake_is_found(self):
        for message, plant in FAULTS.items():
            with self.subTest(message):
                shown = boards.load()
                plant(shown["dagster"])
                self.write(shown)
                errors = check.Checker(self.root, self.known).check()
                self.assertTrue(any(f"dashboards/dagster.json: {message}" in error or message in error
                                    for error in errors), errors)

    def test_a_board_that_is_gone_or_new_is_found(self):
        (self.root / "dashboards" / "atlas.json").rename(self.root / "dashboards" / "map.json")
        errors = check.Checker(self.root, self.known).check()
        self.assertIn("dashboards/atlas.json: is not there", errors)
        self.assertIn("dashboards/map.json: its uid is not in the list of check.py", errors)


if __name__ == "__main__":
    unittest.main()
