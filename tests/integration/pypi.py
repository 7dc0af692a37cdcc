"""Programs from PyPI, in virtual environments that are made once per user and version."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import unittest


def programs(name, packages):
    """The bin/ of a virtual environment with `packages`; `name` holds their version. Skips the test where it cannot be
    made, and says why."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(name, folder, packages)
            (folder / "complete").touch()
    return folder / "bin"


def _install(name, folder, packages):
    for command in ([sys.executable, "-m", "venv", folder],
                    [folder / "bin" / "pip", "install", "--quiet", "--retries", "1", "--timeout", "10", *packages]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            # Without Debian's python3-venv, venv says so on its standard output.
            said = " ".join((done.stderr.strip() or done.stdout.strip()).split())
            raise unittest.SkipTest(f"{name} cannot be installed from PyPI: {said[-300:] or 'no reason given'}")
