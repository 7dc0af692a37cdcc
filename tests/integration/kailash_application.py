"""A real Kailash application with its Redis. Needs PyPI the first time."""
import json
import pathlib
import shutil
import subprocess
import tempfile

import harness
import pypi
from harness import Process, free_port, wait_for

PROJECT = pathlib.Path(__file__).resolve().parent / "real_kailash"
VERSION = "2.63.0"
PACKAGES = (f"kailash[server,monitoring,telemetry]=={VERSION}", "redis==8.*", "asyncpg==0.*", "aiosqlite==0.*")
# Importing Kailash alone takes seconds.
START_SECONDS = 300


def kailash_python():
    return pypi.programs(f"kailash-{VERSION}", PACKAGES) / "python"


class KailashRedis:
    """Debian's Redis, with a password, that keeps nothing."""

    PASSWORD = "secret"

    def __init__(self):
        self.port = None
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts the server, on the same port as before if there was one."""
        self.port = self.port or free_port()
        self._process = Process([harness.need("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--save", "",
                                 "--requirepass", self.PASSWORD])
        self._process.find("Ready to accept connections", "Redis to start")

    def stop(self):
        if self._process is not None:
            self._process.end()
            self._process = None

    @property
    def url(self):
        return f"redis://:{self.PASSWORD}@127.0.0.1:{self.port}/0"

    def cli(self, *command):
        done = subprocess.run([harness.need("redis-cli"), "-p", str(self.port), "--no-auth-warning", "-a",
                               self.PASSWORD, *command], capture_output=True, text=True, check=True)
        return done.stdout.strip()


class KailashApplication:
    """The server of real_kailash/app.py. `database` is a URL; by default a SQLite file in `folder`."""

    def __init__(self, redis, database=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-kailash-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [kailash_python(), PROJECT / "app.py", self.port, redis.url,
                         database or f"sqlite:///{self.sqlite_file}"]
        self._process = None

    @property
    def sqlite_file(self):
        return self.folder / "kailash.db"

    def __enter__(self):
        self._process = Process(self._command, cwd=self.folder)
        try:
            wait_for("Kailash to answer", lambda: self._is_up(), seconds=START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_up(self):
        if not self._process.is_running():
            raise RuntimeError(f"Kailash has ended:\n{self._process.log}")
        return harness.http("GET", f"{self.url}/health").status == 200

    def stop(self):
        if self._process is not None:
            self._process.end()

    def drive(self, path):
        answer = harness.http("POST", f"{self.url}/drive/{path}")
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {answer.text}\n{self._process.log}")

    def execute(self, workflow):
        """Runs a workflow; says whether it succeeded."""
        return harness.http("POST", f"{self.url}/workflows/{workflow}/execute",
                            {"Content-Type": "application/json"}, body=b"{}").status == 200

    def said(self):
        """What Kailash's own API says."""
        return json.loads(harness.http("GET", f"{self.url}/said").text)
