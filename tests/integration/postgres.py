"""A real PostgreSQL to watch, and to maltreat."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness


def yaml_text(text):
    """A single-quoted YAML scalar."""
    return "'" + text.replace("'", "''") + "'"


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
        initdb = harness.need("initdb")
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
            port = self.port or harness.free_port()
            self._process = harness.Process(
                [harness.need("postgres"), "-D", self.folder / "data", "-k", self.folder, "-N", "60", "-p", port,
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
            with contextlib.suppress(ProcessLookupError):  # A session that has just ended.
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
        return [harness.need("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                "--set=ON_ERROR_STOP=1", "--host", str(self.folder), "--port", str(self.port), "--username", self.USER,
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


class PostgresTestCase(harness.TestCase):
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
