"""A Dagster database for tests, in a real PostgreSQL: its tables, and the rows that a Dagster would write."""
import json
import time
import uuid

import harness

DAEMONS = ("SENSOR", "BACKFILL", "SCHEDULER", "QUEUED_RUN_COORDINATOR")


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def naive(unix_seconds):
    """A moment as Dagster's columns hold it: UTC, without a time zone."""
    return f"to_timestamp({unix_seconds}) AT TIME ZONE 'UTC'"


class DagsterDatabase:
    """`postgres` with Dagster's tables in it, and four daemons that have just reported."""

    def __init__(self, postgres):
        self.postgres = postgres
        postgres.sql((harness.FIXTURES / "dagster" / "postgres.sql").read_text(encoding="utf-8"))
        postgres.sql("INSERT INTO instance_info (run_storage_id) "
                     f"SELECT '{uuid.uuid4()}' WHERE NOT EXISTS (SELECT FROM instance_info)")
        postgres.sql("TRUNCATE daemon_heartbeats")
        for daemon in DAEMONS:
            self.beat(daemon)

    def beat(self, daemon_type, seconds_ago=0.0):
        """One heartbeat, replacing the daemon's last."""
        at = time.time() - seconds_ago
        body = json.dumps({"__class__": "DaemonHeartbeat", "timestamp": at, "daemon_type": daemon_type,
                           "daemon_id": "daemon", "errors": []})
        self.postgres.sql(
            "INSERT INTO daemon_heartbeats (daemon_type, daemon_id, timestamp, body) "
            f"VALUES ({literal(daemon_type)}, 'daemon', {naive(at)}, {literal(body)}) "
            "ON CONFLICT (daemon_type) DO UPDATE SET timestamp = EXCLUDED.timestamp, body = EXCLUDED.body")

    def add_runs(self, status, count=1, job="etl", finished=None):
        """Runs in that state; finished ones took 10 seconds and ended just now."""
        now = time.time()
        is_finished = status in ("SUCCESS", "FAILURE", "CANCELED") if finished is None else finished
        end = f"{now}" if is_finished else "NULL"
        start = "NULL" if status in ("QUEUED", "NOT_STARTED") else f"{now - 10}"
        self.postgres.sql(
            "INSERT INTO runs (run_id, pipeline_name, status, run_body, create_timestamp, update_timestamp, "
            "start_time, end_time) "
            f"SELECT gen_random_uuid()::text, {literal(job)}, '{status}', '{{}}', {naive(now - 15)}, {naive(now)}, "
            f"{start}, {end} FROM generate_series(1, {count})")
