#!/usr/bin/env python3
"""lint.py BUILD: clang-format and shellcheck over the repository's own files, clang-tidy over those that ship.

BUILD is a build folder with compile_commands.json. clang-tidy takes seconds for a file, most of them for the headers of
libraries, so

- it looks at several files at once, put together in one: a name that one defines and another uses keeps them apart, and
  when it does not find such a batch good, whatever the reason, it looks at its halves, down to single files;
- a file that it found good is remembered, beside ccache's memory and like it between clones: by the hash of itself, what
  it includes of ours, the checks, its command line and clang-tidy's version. Libraries' headers do not count.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDIED = ("base", "collectors", "rules", "notify", "exporter")  # What ships.
FOLDERS = ("base", "collectors", "rules", "notify", "exporter", "tests", "bench")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin" / "clang-tidy"
MOST_IN_BATCH = 8
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

# A type, an alias or a constant; or a function that is not some class's.
DEFINED = re.compile(r"^(?:class|struct|enum class|using)\s+(\w+)|^constexpr [^=({]*?\b(\w+)\s*[={(\[]|"
                     r"^[A-Za-z][\w:<>,&* \[\]]*[ &*](\w+)\(", re.MULTILINE)

USED = re.compile(r"(?<![.\w:>])[A-Za-z_]\w*")


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


def defined_names(path):
    """The names that a source defines outside of classes and functions, as far as its indentation tells."""
    return {name for names in DEFINED.findall(path.read_text(encoding="utf-8")) for name in names if name}


def used_names(path):
    """The names in a source, but for members of something."""
    return set(USED.findall(path.read_text(encoding="utf-8")))


def fingerprint(path, command, version):
    digest = hashlib.sha256(f"{version}\n{command}".replace(str(ROOT), ".").encode())
    for folder in path.parents:
        if (folder / ".clang-tidy").is_file() and folder.is_relative_to(ROOT):
            digest.update((folder / ".clang-tidy").read_bytes())
    for part in sorted(with_includes(path)):
        digest.update(part.read_bytes())
    return digest.hexdigest()


class Tidy:
    """clang-tidy on files of one compilation database."""

    def __init__(self, build):
        database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        # By file: one that several programs share is looked at once.
        self.commands = {pathlib.Path(entry["file"]): entry["command"] for entry in database
                         if any(pathlib.Path(entry["file"]).is_relative_to(ROOT / folder) for folder in TIDIED)}
        self.version = re.search(r"version \S+", run("clang-tidy-14", "--version")[1]).group()
        self.good = {path: CACHE / fingerprint(path, command, self.version) for path, command in self.commands.items()}
        self.work = build / "lint"
        self.work.mkdir(exist_ok=True)

    def options(self, path):
        """What the compiler is told about the file, but for its name and that of the object."""
        words = shlex.split(self.commands[path])
        while not words[0].endswith("++"):
            words.pop(0)  # ccache
        return words[1:words.index("-o")]

    def batches(self):
        """The files that are not remembered, in groups that may be looked at together."""
        done = []
        for path in sorted(self.commands):
            if self.good[path].exists():
                self.good[path].touch()  # The time of the last use, for those who clean up.
                continue
            key, defined, used = self.options(path), defined_names(path), used_names(path)
            home = next((batch for batch in done if batch["key"] == key and len(batch["files"]) < MOST_IN_BATCH
                         and not batch["defined"] & used and not batch["used"] & defined), None)
            if home is None:
                home = {"key": key, "defined": set(), "used": set(), "files": []}
                done.append(home)
            home["files"].append(path)
            home["defined"] |= defined
            home["used"] |= used
        return [batch["files"] for batch in done]

    def look(self, files):
        """The files of these that are not good, each with what clang-tidy says."""
        source = files[0]
        if len(files) > 1:
            source = self.work / (hashlib.sha256(repr(files).encode()).hexdigest()[:16] + ".cc")
            # Not as #include lines: the static analyzer looks at functions of the main file only.
            source.write_text("\n".join(path.read_text(encoding="utf-8") for path in files), encoding="utf-8")
        passed, output = run("clang-tidy-14", "--quiet", str(source), "--", *self.options(files[0]))
        if passed:
            for path in files:
                self.good[path].touch()
            return []
        if len(files) == 1:
            return [(files[0], output)]
        middle = len(files) // 2
        return self.look(files[:middle]) + self.look(files[middle:])


def tidy_all(build):
    CACHE.mkdir(parents=True, exist_ok=True)
    tidy = Tidy(build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bad = [one for some in pool.map(tidy.look, tidy.batches()) for one in some]
    for path, output in bad:
        print(f"clang-tidy: {path.relative_to(ROOT)}\n{output}")
    print(f"clang-tidy: {len(tidy.commands) - len(bad)} of {len(tidy.commands)} files ok")
    return bool(tidy.commands) and not bad


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
