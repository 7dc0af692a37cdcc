#!/usr/bin/env python3
"""generate.py [--check] [--tocsin BINARY]: writes what the repository has of `tocsin generate`'s output.

With --check it writes nothing, and fails if anything would change: a file that differs, that is missing, or that is not
generated any more. BINARY is build/tocsin; it has to be built from this tree.

The rule packs are the source of it all. They are only looked at: a binary that has other ones in it is an old one.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A folder, what makes it, and the files in it that nothing else makes: one that is not made any more has to go.
TARGETS = (
    ("docs", ("metrics-doc",), ()),
    ("dashboards", ("dashboards",), ("*.json",)),
    ("deploy/helm/tocsin/files/rules", ("rules", "--optional"), ("**/*.yaml",)),
    ("deploy/helm/tocsin/files/dashboards", ("dashboards",), ("*.json",)),
    ("deploy/man", ("man-page",), ("*",)),
    ("deploy/completions", ("completions",), ("*",)),
)
SOURCE = ("alerts", ("rules", "--optional"), ("*.yaml", "optional/*.yaml"))


def generate(binary, verb, folder):
    """The files that a verb of `tocsin generate` writes to `folder`, below it."""
    done = subprocess.run([binary, "generate", *verb, "-o", folder], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"tocsin generate {' '.join(verb)}: {done.stderr.strip()}")
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return {pathlib.Path(path).relative_to(folder): what for what, path in lines}


def ours(folder, patterns):
    return {path.relative_to(folder) for pattern in patterns for path in folder.glob(pattern) if path.is_file()}


def differences(root, binary, target):
    """What is wrong with a folder, a line each."""
    name, verb, patterns = target
    folder = root / name
    with tempfile.TemporaryDirectory(prefix="tocsin-generate-") as scratch:
        fresh = pathlib.Path(scratch) / "fresh"
        if verb == ("metrics-doc",):  # It renews the tables of pages that are there.
            shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns("images"))
        made = generate(binary, verb, fresh)
        for path in sorted(made):
            if not (folder / path).is_file():
                yield f"{name}/{path}: is missing"
            elif (folder / path).read_bytes() != (fresh / path).read_bytes():
                yield f"{name}/{path}: differs"
        for path in sorted(ours(folder, patterns) - made.keys()):
            yield f"{name}/{path}: is not generated"


def check(root, binary):
    stale = list(differences(root, binary, SOURCE))
    if stale:
        return [*stale, f"{binary} was not built from these packs"]
    return [line for target in TARGETS for line in differences(root, binary, target)]


def write(root, binary):
    stale = list(differences(root, binary, SOURCE))
    if stale:
        raise SystemExit("\n".join([*stale, f"{binary} was not built from these packs"]))
    for name, verb, patterns in TARGETS:
        made = generate(binary, verb, root / name)
        for path in sorted(ours(root / name, patterns) - made.keys()):
            (root / name / path).unlink()
            print(f"removed {name}/{path}")
        for path in sorted(path for path, what in made.items() if what == "written"):
            print(f"written {name}/{path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tocsin", type=pathlib.Path, default=ROOT / "build" / "tocsin")
    arguments = parser.parse_args()
    binary = arguments.tocsin.resolve()
    if not arguments.check:
        write(ROOT, binary)
        return 0
    found = check(ROOT, binary)
    print("\n".join([*found, "run ./dev generate"] if found else [f"generated: {1 + len(TARGETS)} folders ok"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
