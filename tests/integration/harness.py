"""What integration tests are made of: processes, waiting, HTTP. Programs are in tocsin.py, postgres.py and
prometheus.py: real ones on loopback, on ports that nobody chose, in temporary folders; each is a context manager that
leaves nothing behind.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "tests" / "fixtures"

# Longer than anything takes on a busy machine, shorter than a developer's patience.
PATIENCE_SECONDS = 30

# Of a log that a failure shows.
LOG_LINES = 60

# The program under test; run.py sets it.
tocsin_binary = ROOT / "build" / "tocsin"


def wait_for(what, condition, seconds=PATIENCE_SECONDS):
    """Polls until condition() is true and returns what it returned; fails the test at the deadline.

    A condition that raises OSError or AssertionError is not true yet.
    """
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return last
        except (OSError, AssertionError) as error:
            last = error
        time.sleep(0.02)  # Between polls, not instead of them.
    raise AssertionError(f"waited {seconds} s in vain for {what}; last: {last!r}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def temporary_folder():
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder:
        yield pathlib.Path(folder)


def need(program):
    """The path of a program, looked up also where Debian keeps PostgreSQL's. Without it the test is skipped."""
    servers = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = shutil.which(program) or shutil.which(program, path=":".join(map(str, servers)))
    if path is None:
        raise unittest.SkipTest(f"{program} is not installed")
    return path


class Process:
    """A child process with a log that can be read while it runs."""

    def __init__(self, command, **options):
        self.command = [str(part) for part in command]
        self.lines = []
        self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, errors="replace", **options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def pid(self):
        return self._process.pid

    @property
    def log(self):
        return "\n".join(self.lines)

    def is_running(self):
        return self._process.poll() is None

    def send(self, number):
        self._process.send_signal(number)

    def wait(self, seconds=PATIENCE_SECONDS):
        """The exit status; negative for a signal."""
        status = self._process.wait(seconds)
        self._reader.join(seconds)
        return status

    def find(self, pattern, what):
        """Waits for a line that matches, and returns the match."""
        def found():
            if not (match := re.search(pattern, self.log)) and not self.is_running():
                raise RuntimeError(f"{self.command[0]} ended with {self._process.returncode}:\n{self.log}")
            return match
        return wait_for(what, found)

    def end(self, number=signal.SIGTERM):
        """Stops the process, by force if it does not listen."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                self.send(signal.SIGCONT)
                self.send(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class Response:
    def __init__(self, status, headers, body, seconds):
        self.status = status
        self.headers = headers
        self.body = body
        self.seconds = seconds

    @property
    def text(self):
        return self.body.decode("utf-8")


def http(method, url, headers=None, timeout=PATIENCE_SECONDS, body=None):
    """One request; any status is an answer. Fails with OSError when there is none."""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    try:
        with opener.open(request, timeout=timeout) as answer:
            return Response(answer.status, answer.headers, answer.read(), time.monotonic() - began)
    except urllib.error.HTTPError as answer:
        with answer:
            return Response(answer.code, answer.headers, answer.read(), time.monotonic() - began)


def cpu_seconds(pid):
    """What a process has used, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sockets(pid):
    """(local address, remote address, state) of each TCP socket of a process, as the kernel writes them, in hex."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # Closed meanwhile.
            inodes.add(os.readlink(descriptor))
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as lines:
            for fields in map(str.split, list(lines)[1:]):
                if f"socket:[{fields[9]}]" in inodes:
                    yield fields[1], fields[2], fields[3]


class BlackHole:
    """A port that accepts connections and never says a word."""

    def __enter__(self):
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.port = self._socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self._socket.close()


class TestCase(unittest.TestCase):
    """With enter(), which Python has from 3.11 on."""

    def enter(self, manager):
        """Enters a context manager that is left when the test ends."""
        entered = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        self.addCleanup(self._show_log_of_failure, entered)
        return entered

    def _show_log_of_failure(self, entered):
        """What the process said last, if the test has failed and there is one: it will not be there to be asked."""
        results = self._outcome.result
        log = getattr(entered, "log", "")
        failed = [getattr(test, "test_case", test) for test, _ in results.failures + results.errors]  # Of a subtest, its test.
        if log and any(test is self for test in failed):
            print(f"--- the log of {type(entered).__name__}, its end", *log.splitlines()[-LOG_LINES:], "---", sep="\n")
