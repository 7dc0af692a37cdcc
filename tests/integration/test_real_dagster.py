"""tocsin's numbers against those of a real Dagster, on both of its storages. Needs PyPI the first time."""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import Process, wait_for
from postgres import Postgres
from tocsin import Tocsin

PROJECT = pathlib.Path(__file__).resolve().parent / "real_dagster"
VERSION = "1.13.27"
# SQLAlchemy 2.1 takes postgresql:// for psycopg 3, which dagster-postgres does not bring.
PACKAGES = (f"dagster=={VERSION}", "dagster-postgres==0.29.27", "sqlalchemy==2.0.*")
IN_FLIGHT = ("QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "CANCELING")
# Importing Dagster alone takes seconds, and each run is a process of its own.
DAGSTER_SECONDS = 300
# Between two collections of tocsin, and for each.
INTERVAL_SECONDS = 2


def dagster_programs():
    """The bin/ of a virtual environment with Dagster in it, made once per user and version."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"dagster-{VERSION}"
    with (cache / "dagster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
            (folder / "complete").touch()
    return folder / "bin"


def _install(folder):
    for command in ([sys.executable, "-m", "venv", folder],
                    [folder / "bin" / "pip", "install", "--quiet", "--retries", "1", "--timeout", "10", *PACKAGES]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise unittest.SkipTest(f"Dagster {VERSION} cannot be installed from PyPI: {reason}")


class RealDagster:
    """An instance of Dagster in a folder of its own."""

    def __init__(self, programs, storage=""):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-dagster-"))
        (self.home / "dagster.yaml").write_text(f"telemetry: {{enabled: false}}\n{storage}", encoding="utf-8")
        self._programs = programs
        self._environment = {**os.environ, "DAGSTER_HOME": str(self.home)}
        self._daemon = None

    def __enter__(self):
        self.ask()  # Makes the tables.
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        self._daemon = Process([self._programs / "dagster-daemon", "run", "-f", PROJECT / "definitions.py"],
                               cwd=self.home, env=self._environment)

    def stop(self):
        if self._daemon is not None:
            self._daemon.end()

    def ask(self):
        """What Dagster's own API says."""
        done = subprocess.run([self._programs / "python", PROJECT / "ask.py"], cwd=self.home, check=True,
                              env=self._environment, capture_output=True, text=True)
        return json.loads(done.stdout)


def summed(page, name, **labels):
    return sum(value for _, value in page.series(name, **labels))


class RealDagsterTest(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = dagster_programs()

    def check(self, dagster, config):
        tocsin = self.enter(Tocsin(config))
        tocsin.wait_until_up()  # Counting begins with the first look.
        dagster.start()
        wait_for("a run that succeeds and one that fails", seconds=DAGSTER_SECONDS, condition=lambda: (
            (runs := dagster.ask()["runs"])["SUCCESS"] >= 1 and runs["FAILURE"] >= 1))
        dagster.stop()  # From here on nothing changes.
        said = dagster.ask()
        quiet_since = time.time()
        page = tocsin.wait_until("a collection that began after that", lambda page: page.value(
            "tocsin_collector_last_success_timestamp_seconds") > quiet_since + INTERVAL_SECONDS)
        self.compare(page, said)

    def compare(self, page, said):
        in_flight = page.values("dagster_runs_in_flight", "status")
        self.assertEqual(in_flight, {status: said["runs"].get(status, 0) for status in in_flight})
        self.assertLessEqual(set(in_flight), set(IN_FLIGHT))
        self.assertEqual(summed(page, "dagster_runs_failed_total"), said["runs"]["FAILURE"])
        for status in ("SUCCESS", "FAILURE"):
            with self.subTest(status=status):
                self.assertEqual(summed(page, "dagster_runs_duration_seconds_count", status=status),
                                 said["runs"][status])
        for status in ("SUCCESS", "SKIPPED", "FAILURE"):
            with self.subTest(tick=status):
                self.assertEqual(summed(page, "dagster_job_ticks_total", status=status),
                                 said["ticks"].get(status, 0))
        beats = page.values("dagster_daemon_last_heartbeat_timestamp_seconds", "daemon_type")
        self.assertEqual(beats.keys(), said["heartbeats"].keys())
        for daemon, timestamp in said["heartbeats"].items():
            with self.subTest(daemon=daemon):
                self.assertAlmostEqual(beats[daemon], timestamp, places=2)

    def test_on_sqlite(self):
        dagster = self.enter(RealDagster(self.programs))
        self.check(dagster, "storage: {path: state}\ncollectors:\n  - type: dagster\n"
                            f"    interval: {INTERVAL_SECONDS}s\n    timeout: {INTERVAL_SECONDS}s\n"
                            f"    sqlite: {{dagster_home: {dagster.home}}}\n")

    def test_on_postgresql(self):
        postgres = self.enter(Postgres())
        dagster = self.enter(RealDagster(
            self.programs, "storage: {postgres: {postgres_db: {hostname: 127.0.0.1, "
            f"port: {postgres.port}, db_name: {postgres.DATABASE}, username: {postgres.USER}, "
            f"password: {postgres.password}}}}}}}\n"))
        collector = postgres.collector(interval=f"{INTERVAL_SECONDS}s")
        self.check(dagster, f"storage: {{path: state}}\ncollectors:\n{collector}\n")
