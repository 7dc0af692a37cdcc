#!/usr/bin/env python3
"""lint.py BUILD: clang-format and shellcheck over the repository's own files, clang-tidy over those that ship.

BUILD is a build folder with compile_commands.json. clang-tidy takes seconds for a file, so a file that it found good is
remembered, beside ccache's memory and like it between clones: by the hash of itself, what it includes of ours, the
checks, its command line and clang-tidy's version. Libraries' headers do not count.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDIED = ("base", "collectors", "rules", "notify", "exporter")  # What ships.
FOLDERS = ("base", "collectors", "rules", "notify", "exporter", "tests", "bench")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin" / "clang-tidy"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def sources():
    return sorted(path for folder in FOLDERS for suffix in ("*.h", "*.cc") for path in (ROOT / folder).rglob(suffix))


def shell_scripts():
    return [ROOT / "dev", ROOT / ".ci/run", *sorted(ROOT.glob("tools/*.sh")), *sorted(ROOT.glob("bench/*.sh"))]


def run(*command):
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout


def with_includes(path, seen=None):
    """The file and every file of the repository that it includes, directly or not."""
    seen = {path} if seen is None else seen
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        for included in (ROOT / name, path.parent / name):
            if included.is_file() and included not in seen:
                seen.add(included)
                with_includes(included, seen)
    return seen


def fingerprint(path, command, version):
    digest = hashlib.sha256(f"{version}\n{command}".replace(str(ROOT), ".").encode())
    for folder in path.parents:
        if (folder / ".clang-tidy").is_file() and folder.is_relative_to(ROOT):
            digest.update((folder / ".clang-tidy").read_bytes())
    for part in sorted(with_includes(path)):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def tidy(path, command, version, build):
    good = CACHE / fingerprint(path, command, version)
    if good.exists():
        good.touch()  # The time of the last use, for those who clean up.
        return True, ""
    passed, output = run("clang-tidy-14", "--quiet", "-p", str(build), str(path))
    if passed:
        good.touch()
    return passed, output


def tidy_all(build):
    CACHE.mkdir(parents=True, exist_ok=True)
    version = re.search(r"version \S+", run("clang-tidy-14", "--version")[1]).group()
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    # By file: one that several programs share is looked at once.
    ours = sorted({pathlib.Path(entry["file"]): entry["command"] for entry in database
                   if any(pathlib.Path(entry["file"]).is_relative_to(ROOT / folder) for folder in TIDIED)}.items())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda entry: (entry[0], *tidy(*entry, version, build)), ours)
        bad = [(path, output) for path, passed, output in results if not passed]
    for path, output in bad:
        print(f"clang-tidy: {path.relative_to(ROOT)}\n{output}")
    print(f"clang-tidy: {len(ours) - len(bad)} of {len(ours)} files ok")
    return bool(ours) and not bad


def report(name, files, outcome):
    passed, output = outcome
    print(f"{name}: {len(files)} files ok" if passed else output)
    return passed


def main(build):
    code, scripts = sources(), shell_scripts()
    good = report("clang-format", code, run("clang-format-14", "--dry-run", "--Werror", *map(str, code)))
    good &= report("shellcheck", scripts, run("shellcheck", *map(str, scripts)))
    good &= tidy_all(build)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
