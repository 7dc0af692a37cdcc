"""tocsin's numbers against those of a real Dagster, on both of its storages. Needs PyPI the first time."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import harness
import pypi
from harness import Process, wait_for
from postgres import Postgres
from tocsin import Tocsin

PROJECT = pathlib.Path(__file__).resolve().parent / "real_dagster"
VERSION = "1.13.27"
# SQLAlchemy 2.1 takes postgresql:// for psycopg 3, which dagster-postgres does not bring.
PACKAGES = (f"dagster=={VERSION}", "dagster-postgres==0.29.27", f"dagster-webserver=={VERSION}", "sqlalchemy==2.0.*")
IN_FLIGHT = ("QUEUED", "NOT_STARTED", "MANAGED", "STARTING", "STARTED", "CANCELING")
# Importing Dagster alone takes seconds, and each run is a process of its own.
DAGSTER_SECONDS = 300
# Between two collections of tocsin, and for each.
INTERVAL_SECONDS = 2


def dagster_programs():
    return pypi.programs(f"dagster-webserver-{VERSION}", PACKAGES)


class RealDagster:
    """An instance of Dagster in a folder of its own."""

    def __init__(self, programs, storage=""):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-dagster-"))
        (self.home / "dagster.yaml").write_text(f"telemetry: {{enabled: false}}\n{storage}", encoding="utf-8")
        self._programs = programs
        self._environment = {**os.environ, "DAGSTER_HOME": str(self.home)}
        self._daemon = None
        self._webserver = None
        self.port = None

    def __enter__(self):
        self.ask()  # Makes the tables.
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        # The webserver's workspace: what ticks is known by the name of its code location.
        self._daemon = Process([self._programs / "dagster-daemon", "run", "-w", PROJECT / "workspace.yaml"],
                               cwd=self.home, env=self._environment)

    def stop(self):
        self.stop_webserver()
        if self._daemon is not None:
            self._daemon.end()

    def start_webserver(self):
        """On the same port as before, if there was one. It answers once it has tried to load all code."""
        self.port = self.port or harness.free_port()
        self._webserver = Process([self._programs / "dagster-webserver", "-h", "127.0.0.1", "-p", self.port,
                                   "-w", PROJECT / "workspace.yaml"], cwd=self.home, env=self._environment)
        wait_for("the webserver", lambda: harness.http("GET", f"{self.url}/server_info").status == 200,
                 seconds=DAGSTER_SECONDS)

    def stop_webserver(self):
        if self._webserver is not None:
            self._webserver.end()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def graphql(self, query):
        answer = harness.http("POST", f"{self.url}/graphql", {"Content-Type": "application/json"},
                              body=json.dumps({"query": query}).encode())
        return json.loads(answer.text)["data"]

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

    def webserver_config(self, dagster):
        return ("storage: {path: state}\ncollectors:\n  - {type: dagster, interval: 6s, timeout: 6s,\n"
                f"     sqlite: {{dagster_home: {dagster.home}}},\n"
                f"     webserver: {{url: '{dagster.url}', graphql_interval: 30s}}}}\n")

    def test_webserver(self):
        dagster = self.enter(RealDagster(self.programs))
        dagster.start_webserver()
        tocsin = self.enter(Tocsin(self.webserver_config(dagster)))
        page = tocsin.wait_until("all that the webserver knows", seconds=DAGSTER_SECONDS,
                                 condition=lambda page: page.has("dagster_sensor_has_ticked"))
        self.compare_webserver(page, dagster)
        # What the code defines and nobody has ever run or switched is known from GraphQL alone.
        new_year = {"schedule_name": "new_year", "location": "good", "status": "stopped"}
        self.assertEqual(page.value("dagster_schedule_has_ticked", **new_year), 0)
        self.assertFalse(page.has("dagster_schedule_status"))
        self.assertEqual(page.value("dagster_sensor_has_ticked", sensor_name="launch_each_once"), 0)

        dagster.start()
        tocsin.wait_until("the sensor's first evaluation", seconds=DAGSTER_SECONDS, condition=lambda page: page.value(
            "dagster_sensor_has_ticked", sensor_name="launch_each_once") == 1)

        dagster.stop_webserver()
        page = tocsin.wait_until("the webserver to be down", lambda page: page.value("dagster_webserver_up") == 0)
        for gone in ("dagster_webserver_info", "dagster_code_location_load_error", "dagster_schedule_has_ticked"):
            self.assertFalse(page.has(gone), gone)
        self.assertEqual(page.values("tocsin_collector_source_up", "source"), {"database": 1, "webserver": 0})
        self.assertTrue(page.has("dagster_runs_in_flight"))
        dagster.start_webserver()
        tocsin.wait_until("the webserver to be back", lambda page: page.value("dagster_webserver_up") == 1)

    def compare_webserver(self, page, dagster):
        """What tocsin says of the webserver's facts against what the webserver itself says."""
        versions = json.loads(harness.http("GET", f"{dagster.url}/server_info").text)
        self.assertEqual(page.value("dagster_webserver_info", version=versions["dagster_webserver_version"]), 1)
        self.assertEqual(page.value("dagster_webserver_up"), 1)
        self.assertEqual(page.values("dagster_code_location_load_error", "location"), {"good": 0, "broken": 1})
        said = dagster.graphql("{ instance { daemonHealth { allDaemonStatuses { daemonType required } } } }")
        daemons = {daemon["daemonType"]: int(daemon["required"])
                   for daemon in said["instance"]["daemonHealth"]["allDaemonStatuses"]}
        self.assertEqual(page.values("dagster_daemon_required_by_dagster", "daemon_type"), daemons)
        configured = {"SENSOR", "BACKFILL", "SCHEDULER", "QUEUED_RUN_COORDINATOR"}
        self.assertEqual(page.values("dagster_daemon_requirement_mismatch", "daemon_type"),
                         {daemon: int((daemon in configured) != bool(required))
                          for daemon, required in daemons.items()})
        # Every other path is a page of HTML with status 200.
        self.assertIn("text/html", harness.http("GET", f"{dagster.url}/metrics").headers["Content-Type"])
