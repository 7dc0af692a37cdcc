#!/usr/bin/env python3
"""shells.py: types into real shells and looks at what they complete after "tocsin". fish tells it on the command line, zsh
only on a terminal. Needs both; says what is wrong, and exits with 1 then.
"""
import os
import pathlib
import pty
import select
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
COMPLETIONS = ROOT / "deploy" / "completions"
PATIENCE_SECONDS = 30

# What is typed before the key, and what the shell makes of it or offers.
FISH = {
    "tocsin che": {"check"},
    "tocsin check ": {"config", "metrics", "rules", "expr"},
    "tocsin silence add --dur": {"--duration"},
    "tocsin --log.level ": {"debug", "info", "warn", "error"},
    "tocsin collectors da": {"dagster", "dashflow"},
    "tocsin check rules --lint promql/rat": {"promql/rate"},
    "tocsin check config deploy/docker/compose.y": {"deploy/docker/compose.yaml"},
    "tocsin generate man-page -o deploy/comp": {"deploy/completions/"},
}
ZSH = {
    "tocsin chec": "tocsin check ",
    "tocsin check conf": "tocsin check config ",
    "tocsin silence add --dur": "tocsin silence add --duration",
    "tocsin --log.level deb": "tocsin --log.level debug",
    "tocsin --log.format=j": "tocsin --log.format=json",
    "tocsin collectors dags": "tocsin collectors dagster",
    "tocsin check rules --lint promql/rat": "tocsin check rules --lint promql/rate",
    "tocsin check config deploy/docker/compose.y": "tocsin check config deploy/docker/compose.yaml",
    "tocsin generate man-page -o deploy/complet": "tocsin generate man-page -o deploy/completions",
}


def fish_problems():
    for typed, wanted in FISH.items():
        said = subprocess.run(
            ["fish", "--no-config", "-c", f"source {COMPLETIONS}/tocsin.fish; complete -C '{typed}'"],
            check=False, capture_output=True, text=True, cwd=ROOT)
        offered = {line.split("\t")[0] for line in said.stdout.splitlines()}
        if offered != wanted or said.stderr:
            yield f"fish offers for '{typed}': {sorted(offered)}, not {sorted(wanted)} {said.stderr}"


class Zsh:
    """An interactive zsh on a terminal."""

    def __enter__(self):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(ROOT)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "PS1": "", "COLUMNS": "200"})
        self.type("unsetopt prompt_cr prompt_sp; PS1=; stty -echo cols 200; autoload -Uz compinit; compinit -u -D; "
                  f"fpath=({COMPLETIONS} $fpath); source {COMPLETIONS}/_tocsin; echo rea''dy\n")
        self.wait_for("ready")
        return self

    def __exit__(self, *_):
        os.close(self._terminal)
        os.waitpid(self._pid, 0)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def wait_for(self, text):
        """Whether it shows this text; what else it showed."""
        seen = ""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in seen and time.monotonic() < deadline:
            if select.select([self._terminal], [], [], 0.1)[0]:
                seen += os.read(self._terminal, 4096).decode(errors="replace")
        return text in seen, seen

    def made_of(self, typed):
        """The line after a tab: the shell prints it, quoted, instead of running it."""
        self.type(typed + "\t")
        # The widget runs after the completion: what is typed next waits for it.
        self.type("\x18p")
        return self.wait_for(">>>")[1]


def zsh_problems():
    with Zsh() as zsh:
        zsh.type("show() { print -r -- \"<<<$BUFFER>>>\"; BUFFER=; }; zle -N show; bindkey '^Xp' show; echo bou''nd\n")
        zsh.wait_for("bound")
        for typed, wanted in ZSH.items():
            seen = zsh.made_of(typed)
            if f"<<<{wanted.rstrip()}" not in seen.replace("\r", ""):
                yield f"zsh makes of '{typed}': {seen!r}, not '{wanted}'"


def main():
    wrong = [*fish_problems(), *zsh_problems()]
    for problem in wrong:
        print(problem, file=sys.stderr)
    print(f"{len(FISH) + len(ZSH) - len(wrong)} of {len(FISH) + len(ZSH)} completions are right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
