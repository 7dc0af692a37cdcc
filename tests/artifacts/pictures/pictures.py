#!/usr/bin/env python3
"""pictures.py [--tocsin BINARY] [--seconds N]: draws docs/images/dashboards, a picture of each board.

tocsin watches what tests/artifacts/dashboards/watched.py has, for N seconds, and is the data source: the answers to the
boards' queries are drawn in Chromium with Grafana's component library, which comes from npm into a folder below ~/.cache.
That is not Grafana: page.jsx tells what it draws itself. Says which boards have a graph without data.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "dashboards"))

# pylint: disable=wrong-import-position
import boards  # noqa: E402
import live  # noqa: E402
from watched import ROOT, Watched  # noqa: E402

import harness  # noqa: E402  From tests/integration, which watched.py made known.
from sink import HttpSink  # noqa: E402
from tocsin import Tocsin  # noqa: E402

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin" / "pictures"
PICTURES = ROOT / "docs" / "images" / "dashboards"
STEP_SECONDS = 2
INSTALLED = "/usr/share/tocsin/alerts/"  # Where rule files are for who has installed them, whatever this folder is called.


def tools():
    """The folder with the packages of package-lock.json."""
    folder = CACHE / hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = pathlib.Path(tempfile.mkdtemp(prefix="install-", dir=CACHE))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, fresh)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund",
                        "--loglevel=error"], cwd=fresh, check=True)
        fresh.rename(folder)
    return folder


def answer(source, target, variables, now, seconds):
    expr = boards.substitute(target["expr"], variables)
    if target["instant"]:
        found = source.get("query", query=expr, time=now)["result"]
    else:
        found = source.get("query_range", query=expr, start=now - seconds, end=now, step=STEP_SECONDS)["result"]
    # What else is mounted on the machine that draws is its own business.
    return [series for series in found if series["metric"].get("mountpoint", "/") == "/"]


def picture(source, board, now, seconds):
    """What page.jsx draws of a board: rows that are closed stay so, as when it is opened."""
    variables, _ = boards.resolve(board, source)
    answers = {panel["id"]: {target["refId"]: answer(source, target, variables, now, seconds)
                             for target in panel["targets"]}
               for panel in board["panels"] if panel["type"] != "row"}
    return {"board": board, "answers": answers, "from": (now - seconds) * 1000, "to": now * 1000}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    arguments.add_argument("--seconds", type=float, default=120)
    options = arguments.parse_args()
    harness.tocsin_binary = options.tocsin.resolve()
    packages = tools()
    shown = boards.load()
    with Watched() as watched, HttpSink() as sink, Tocsin(live.config(watched, sink)) as tocsin, \
            tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as folder:
        began = time.time()
        check = live.Check("tocsin", tocsin.url, shown)
        live.wait([check], {}, max(options.seconds, 240))
        time.sleep(max(0, began + options.seconds - time.time()))  # The time that the pictures show.
        files = []
        for name, board in shown.items():
            files.append(pathlib.Path(folder) / f"{name}.json")
            text = json.dumps(picture(check.source, board, time.time(), options.seconds))
            files[-1].write_text(text.replace(f"{ROOT}/alerts/", INSTALLED), encoding="utf-8")
        for target in check.missing:
            print(f"no data: {target}")
        subprocess.run(["node", HERE / "render.mjs", *files], check=True,
                       env={**os.environ, "TOCSIN_PICTURE_TOOLS": str(packages)})
        PICTURES.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file.with_suffix(".png"), PICTURES)
            print(f"drew {(PICTURES / file.stem).relative_to(ROOT)}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
