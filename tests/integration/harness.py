"""Real programs for tests: tocsin, PostgreSQL, Prometheus. All on loopback, on ports that nobody chose, in temporary
folders; each is a context manager that leaves nothing behind.
"""
import contextlib
import json
import os
import pathlib
import pwd
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
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "tests" / "fixtures"

# Longer than anything takes on a busy machine, shorter than a developer's patience.
PATIENCE_SECONDS = 30

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


# --- HTTP -----------------------------------------------------------------------------------------------------------


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


# --- Expositions ----------------------------------------------------------------------------------------------------

_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \S+)?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')
_ESCAPE = re.compile(r"\\(.)")


class Page:
    """A parsed text exposition: an independent reader, strict about what it is given."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                self._add(line)

    def _add(self, line):
        match = _SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        labels = match["labels"] or ""
        if _LABEL.sub("", labels):
            raise ValueError(f"bad labels: {line!r}")
        key = (match["name"], frozenset((name, _ESCAPE.sub(lambda m: {"n": "\n"}.get(m[1], m[1]), value))
                                        for name, value in _LABEL.findall(labels)))
        if key in self.samples:
            raise ValueError(f"twice: {line!r}")
        self.samples[key] = float(match["value"])

    def series(self, name, /, **labels):
        """[(labels, value)] of the series of that name which have these labels, among others."""
        return [(dict(key[1]), value) for key, value in self.samples.items()
                if key[0] == name and labels.items() <= dict(key[1]).items()]

    def has(self, name, /, **labels):
        return bool(self.series(name, **labels))

    def value(self, name, /, **labels):
        """The value of the one series that matches."""
        found = self.series(name, **labels)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} series match {name} {labels}: {found[:5]}")
        return found[0][1]

    def values(self, name, label):
        """{label's value: value} for each series of that name."""
        return {labels.get(label): value for labels, value in self.series(name)}


# --- tocsin ---------------------------------------------------------------------------------------------------------


class Tocsin:
    """A running `tocsin serve` in a folder of its own. `config` is YAML text; None starts the quickstart.

    The same folder serves a second start, to see what survives.
    """

    def __init__(self, config=None, folder=None, arguments=(), binary=None):
        self._own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="tocsin-test-"))
        self.config_file = self.folder / "tocsin.yaml"
        if config is not None:
            self.config_file.write_text(config, encoding="utf-8")
            arguments = ["--config", self.config_file, *arguments]
        self._command = [binary or tocsin_binary, "serve", "--listen", "127.0.0.1:0", *arguments]
        self.process = None
        self.url = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.end()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the program; returns when it listens."""
        self.process = Process(self._command, cwd=self.folder)
        try:
            address = self.process.find(r"http://(127\.0\.0\.1:[1-9]\d*)", "tocsin's address in its log")[1]
        except BaseException:
            self.process.end()
            raise
        self.url = f"http://{address}"

    def restart(self, number=signal.SIGTERM):
        self.process.end(number)
        self.start()

    @property
    def log(self):
        return self.process.log

    def get(self, path, headers=None, method="GET", timeout=PATIENCE_SECONDS):
        return http(method, self.url + path, headers, timeout)

    def page(self, path="/metrics"):
        answer = self.get(path)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {answer.text[:200]}")
        return Page(answer.text)

    def wait_until(self, what, condition, seconds=PATIENCE_SECONDS):
        """Polls /metrics until condition(page) holds; returns that page."""
        def holds():
            page = self.page()
            return page if condition(page) else None
        return wait_for(what, holds, seconds)

    def wait_until_up(self, value=1, **labels):
        return self.wait_until(f"tocsin_collector_up {value}",
                               lambda page: page.value("tocsin_collector_up", **labels) == value)

    def reload(self):
        return self.get("/-/reload", method="POST")


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _server_user():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise unittest.SkipTest("no user to run PostgreSQL as")


class Postgres:
    """A PostgreSQL server with an empty database `dagster`. Logins over TCP need the password; sql() does not."""

    USER = "dagster"
    DATABASE = "dagster"

    def __init__(self, password="secret"):
        self.password = password
        self.port = None
        self.folder = None
        self._process = None
        self._user = {}
        self._stopped = []

    def __enter__(self):
        initdb = need("initdb")
        self._user = _server_user()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
        try:
            if self._user:
                os.chown(self.folder, self._user["user"], self._user["group"])
            subprocess.run([initdb, "--pgdata", self.folder / "data", "--username", self.USER, "--encoding=UTF8",
                            "--locale=C.UTF-8", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256"],
                           check=True, capture_output=True, cwd=self.folder, **self._user)
            self.start()
            self.recreate()
            self.set_password(self.password)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the server, on the same port as before if there was one."""
        for _ in range(5):
            port = self.port or free_port()
            self._process = Process(
                [need("postgres"), "-D", self.folder / "data", "-k", self.folder, "-N", "20", "-p", port,
                 "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "timezone=UTC"],
                cwd=self.folder, **self._user)
            try:
                self._process.find("ready to accept connections", "PostgreSQL to start")
                self.port = port
                return
            except RuntimeError:  # Someone else has taken the port in the meantime.
                self._process.end()
        raise AssertionError(f"PostgreSQL does not start:\n{self._process.log}")

    def stop(self):
        """Stops the server at once, as a crash of the machine would look to its clients."""
        if self._process is not None:
            self.resume()
            self._process.end(signal.SIGINT)

    def suspend(self):
        """Every process of the server hangs, with its sockets open."""
        self._stopped = [self._process.pid, *self._children()]
        for pid in self._stopped:
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        for pid in self._stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._stopped = []

    def _children(self):
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                if int(fields[1]) == self._process.pid:
                    yield int(status.parent.name)

    def psql(self, database=None):
        """The command of a session that needs no password."""
        return [need("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                "--host", str(self.folder), "--port", str(self.port), "--username", self.USER,
                "--dbname", database or self.DATABASE]

    def sql(self, script, database=None):
        """Runs statements; returns what they print, columns separated by '|'."""
        done = subprocess.run(self.psql(database), input=script, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"psql: {done.stderr}\n{script[:500]}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def session(self, script):
        """A second session that runs `script` and then stays open, in its transaction, while the block runs."""
        with subprocess.Popen(self.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            try:
                session.stdin.write(f"{script}\n\\echo ready\n")
                session.stdin.flush()
                while (line := session.stdout.readline()) and line.strip() != "ready":
                    pass
                yield
            finally:
                session.stdin.close()
                session.wait()

    def set_password(self, password):
        quoted = password.replace("'", "''")
        self.sql(f"SET password_encryption='scram-sha-256'; ALTER ROLE {self.USER} PASSWORD '{quoted}'")
        self.password = password

    def recreate(self):
        """Empties the database, whoever is connected."""
        self.sql(f"DROP DATABASE IF EXISTS {self.DATABASE} WITH (FORCE)", database="postgres")
        self.sql(f"CREATE DATABASE {self.DATABASE}", database="postgres")

    def sessions(self, condition="true"):
        """How many sessions tocsin has open that meet the condition."""
        return int(self.sql("SELECT count(*) FROM pg_stat_activity "
                            f"WHERE application_name LIKE 'tocsin%' AND ({condition})"))

    def collector(self, interval="200ms", timeout=None, password_file=None, **options):
        """A `collectors:` item for a Dagster in this database, as text."""
        lines = [f"  - type: dagster\n    interval: {interval}\n    timeout: {timeout or interval}"]
        lines += [f"    {key}: {value}" for key, value in options.items()]
        secret = f"password_file: {password_file}" if password_file else f"password: {yaml_text(self.password)}"
        lines.append(f"    postgres: {{host: 127.0.0.1, port: {self.port}, database: {self.DATABASE}, "
                     f"user: {self.USER}, sslmode: disable, {secret}}}")
        return "\n".join(lines)


class TestCase(unittest.TestCase):
    """With enter(), which Python has from 3.11 on."""

    def enter(self, manager):
        """Enters a context manager that is left when the test ends."""
        entered = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return entered


class PostgresTestCase(TestCase):
    """Tests that share a running PostgreSQL, and begin with an empty database in it."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres().__enter__()
        cls.addClassCleanup(cls.postgres.__exit__)

    def run(self, result=None):
        self.postgres.recreate()
        return super().run(result)

    def config(self, server="", **options):
        """The text of a configuration that watches this database, and keeps its state beside itself."""
        return (f"storage: {{path: state}}\n{server}collectors:\n{self.postgres.collector(**options)}\n")


def yaml_text(text):
    """A single-quoted YAML scalar."""
    return "'" + text.replace("'", "''") + "'"


# --- Prometheus -----------------------------------------------------------------------------------------------------


class Prometheus:
    """A real Prometheus that scrapes one address every second."""

    def __init__(self, target):
        self._target = target
        self._process = None
        self.folder = None
        self.url = None

    def __enter__(self):
        program = need("prometheus")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
        config = self.folder / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
                          f"  - {{job_name: tocsin, static_configs: [{{targets: ['{self._target}']}}]}}\n",
                          encoding="utf-8")
        for _ in range(5):
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._process = Process([program, f"--config.file={config}", f"--storage.tsdb.path={self.folder}/data",
                                     f"--web.listen-address=127.0.0.1:{port}"])
            try:
                self._process.find("Server is ready", "Prometheus to start")
                return self
            except RuntimeError:  # Someone else has taken the port in the meantime.
                self._process.end()
        raise AssertionError(f"Prometheus does not start:\n{self._process.log}")

    def __exit__(self, *_):
        self._process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def api(self, path):
        """The `data` of an answer of its HTTP API."""
        answer = json.loads(http("GET", f"{self.url}/api/v1/{path}").text)
        if answer["status"] != "success":
            raise AssertionError(answer)
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        result = self.api(f"query?query={urllib.parse.quote(expression)}")["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    def target(self):
        return self.api("targets")["activeTargets"][0]


def promtool_findings(text):
    """What `promtool check metrics` says about an exposition: (exit status, text)."""
    done = subprocess.run([need("promtool"), "check", "metrics"], input=text, text=True, capture_output=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


# --- Sources that misbehave -----------------------------------------------------------------------------------------


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
