"""What the scripts that draw pictures share: packages from npm in a folder below ~/.cache, and render.mjs, which draws
with them in Chromium."""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin" / "pictures"

sys.path[:0] = [str(HERE.parent / "dashboards"), str(ROOT / "tests" / "integration")]

import harness  # noqa: E402  pylint: disable=wrong-import-position


def options_of(doc, folder, **numbers):
    """What a script was told: `folder` is where its pictures are, unless it is told another."""
    arguments = argparse.ArgumentParser(description=doc.splitlines()[0])
    arguments.add_argument("--tocsin", type=pathlib.Path, default=harness.tocsin_binary)
    arguments.add_argument("--folder", type=pathlib.Path, default=folder)
    for name, default in numbers.items():
        arguments.add_argument(f"--{name}", type=float, default=default)
    options = arguments.parse_args()
    harness.tocsin_binary = options.tocsin.resolve()
    return options


def _tools():
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


def draw(page, pictures, folder):
    """Draws {name: what the page shows} to NAME.png in the folder. `page` is a script beside this one."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-pictures-") as drawn:
        files = []
        for name, picture in pictures.items():
            files.append(pathlib.Path(drawn) / f"{name}.json")
            files[-1].write_text(json.dumps(picture), encoding="utf-8")
        subprocess.run(["node", HERE / "render.mjs", page, *files], check=True,
                       env={"CHROMIUM": harness.need("chromium"), **os.environ, "TOCSIN_PICTURE_TOOLS": str(_tools())})
        for file in files:
            shutil.copy(file.with_suffix(".png"), folder)
            print(f"drew {folder / file.stem}.png")
