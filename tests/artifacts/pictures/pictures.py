#!/usr/bin/env python3
"""pictures.py [--tocsin BINARY] [--seconds N] [--folder FOLDER]: draws docs/images/dashboards, a picture of each board.

tocsin watches what tests/artifacts/dashboards/watched.py has, for N seconds, and is the data source: the answers to the
boards' queries are drawn in Chromium with Grafana's component library, which comes from npm into a folder below ~/.cache.
That is not Grafana: board.jsx tells what it draws itself. Fails if a panel has no data that should have some.
"""
import json
import sys
import time

from drawing import ROOT, draw, options_of  # Makes known where the rest is.

import boards
import live
from watched import Watched

from sink import HttpSink
from tocsin import Tocsin

PICTURES = ROOT / "docs" / "images" / "dashboards"
STEP_SECONDS = 2
INSTALLED = "/usr/share/tocsin/alerts/"  # Where rule files are for who has installed them, whatever this folder is called.


def answer(source, target, variables, now, seconds):
    expr = boards.substitute(target["expr"], variables)
    if target["instant"]:
        found = source.get("query", query=expr, time=now)["result"]
    else:
        found = source.get("query_range", query=expr, start=now - seconds, end=now, step=STEP_SECONDS)["result"]
    # What else is mounted on the machine that draws is its own business.
    return [series for series in found if series["metric"].get("mountpoint", "/") == "/"]


def picture(source, board, now, seconds):
    """What board.jsx draws of a board: rows that are closed stay so, as when it is opened."""
    variables, _ = boards.resolve(board, source)
    answers = {panel["id"]: {target["refId"]: answer(source, target, variables, now, seconds)
                             for target in panel["targets"]}
               for panel in board["panels"] if panel["type"] != "row"}
    return {"board": board, "answers": answers, "from": (now - seconds) * 1000, "to": now * 1000}


def main():
    options = options_of(__doc__, PICTURES, seconds=120)
    shown = boards.load()
    with Watched() as watched, HttpSink() as sink, Tocsin(live.config(watched, sink)) as tocsin:
        began = time.time()
        check, quiet = live.Check("tocsin", tocsin.url, shown), live.quiet_targets()
        live.wait([check], quiet, max(options.seconds, 240))
        time.sleep(max(0, began + options.seconds - time.time()))  # The time that the pictures show.
        drawn = {name: picture(check.source, board, time.time(), options.seconds) for name, board in shown.items()}
        empty = live.report([check], quiet, watched.left_out)
    draw("board.jsx", json.loads(json.dumps(drawn).replace(f"{ROOT}/alerts/", INSTALLED)), options.folder)
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
