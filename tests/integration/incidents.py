"""An hour of incidents in every watched system, as samples: each breaks, and each recovers. Then the half hour in
which the last alert ends.

Everything is told in minutes: a gauge changes on whole minutes only, and what a counter grows by does.
"""
import datetime
import itertools
import math

# The last incident is over before the end of the hour; alerts that are kept firing take longer.
MINUTES = 90
STEP_SECONDS = 15
QUIET_MINUTES = 5  # Before the first incident.

# What the hour is about, in the order of firing: (alert, minute in which it fires, minute in which it ends).
STORY = [
    ("DagsterDaemonUnavailable", 10, 23),  # The daemon dies in minute 6 and is back in 18.
    ("KailashCircuitBreakerOpen", 13, 27),
    ("DagsterRunsFailing", 17, 59),
    ("AtlasDown", 19, 27),
    ("MiroirTaskStoreDown", 21, 28),
    ("ContainerMemoryNearLimit", 25, 37),  # The shop's; Dagster's container has an alert of its own.
    ("DagsterContainerMemoryHigh", 25, 37),
    ("DashFlowEndpointDown", 25, 32),
    ("DagsterQueueStuck", 28, 41),
    ("DagsterMostRunsFailing", 28, 50),
    ("DagsterQueueStopped", 29, 41),
    ("KailashConnectionPoolExhausted", 30, 38),
]

# Alerts that an hour cannot reach, and why.
NOT_PLAYED = {
    "MiroirRebalanceStuck": "takes two hours",
    "MiroirAntientropyMismatch": "takes 18 hours",
    "MiroirSessionPinningGrowing": "compares with yesterday",
}

BELL = {"job": "tocsin", "instance": "bell:10061"}
BELL_B = {"job": "tocsin", "instance": "bell-b:10061"}
BELL_C = {"job": "tocsin", "instance": "bell-c:10061"}


def ramp(per_minute, first=0):
    """What begins at `first` and then grows."""
    return lambda minute: first + per_minute * minute


class Hour:
    """`series`: (name, labels, value(minute, second, now)): what it is at `now`, which is that second of that minute,
    or None where there is no sample."""

    def __init__(self):
        self.series = []
        for play in (_dagster_database, _dagster_daemons, _dagster_queue, _dagster_runs, _dagster_platform, _kailash,
                     _miroir_store, _miroir_pods, _miroir_surroundings, _atlas, _dashflow, _dashflow_surroundings,
                     _containers, _workloads, _filesystems, _tocsin_process, _tocsin_collectors, _tocsin_rules,
                     _tocsin_notifications):
            play(self)

    def gauge(self, name, labels, usual, *changes):
        """`changes`: (first minute, minute after the last, value), where the value may be a function of the minutes
        since then, or None for a series that is gone."""
        values = _values(usual, changes)
        self.series.append((name, labels, lambda minute, second, now: values[minute]))

    def time(self, name, labels, age, *changes):
        """A gauge whose value is a time; all values are ages in seconds."""
        ages = _values(age, changes)
        self.series.append((name, labels, lambda minute, second, now: None if ages[minute] is None
                            else now - ages[minute]))

    def counter(self, name, labels, per_minute, *changes):
        """`changes` are of what it grows by in each minute; None where it is gone."""
        growths = _values(per_minute, changes)
        totals = [0, *itertools.accumulate(growth or 0 for growth in growths)]

        def value(minute, second, _):
            if growths[minute] is None:
                return None
            now = totals[minute] + growths[minute] * second / 60
            return now if growths[minute] % 1 else math.floor(now)  # Half a run does not fail.
        self.series.append((name, labels, value))

    def histogram(self, name, labels, per_minute, share, *changes):
        """`per_minute` observations, of which `share` says, by upper limit, how many are not longer. `changes` are of
        that."""
        for limit in [*share, "+Inf"]:
            def growth(shares, limit=limit):
                return per_minute * {**shares, "+Inf": 1}[limit]
            self.counter(f"{name}_bucket", {**labels, "le": limit}, growth(share),
                         *((begin, end, growth(other)) for begin, end, other in changes))
        self.counter(f"{name}_count", labels, per_minute)


def _values(usual, changes):
    values = [usual] * MINUTES
    for begin, end, value in changes:
        for minute in range(begin, end):
            values[minute] = value(minute - begin) if callable(value) else value
    return values


# --- Dagster --------------------------------------------------------------------------------------------------------


def _dagster_database(hour):
    """Three of them; the second's database is away for a while, the third's collector hangs."""
    away = (50, 57, None)
    for bell in (BELL, BELL_B, BELL_C):
        gone = [away] if bell is BELL_B else []
        collector = {**bell, "collector": "dagster", "name": "dagster"}
        failing = [(50, 57, 0)] if bell is BELL_B else []
        hour.gauge("tocsin_collector_up", collector, 1, *failing)
        hour.gauge("tocsin_collector_source_up", {**collector, "source": "database"}, 1, *failing)
        hour.gauge("tocsin_collector_interval_seconds", collector, 15)
        hour.time("tocsin_collector_last_success_timestamp_seconds", collector, 5,
                  *([(50, 57, ramp(60))] if gone else [(45, 56, ramp(60))] if bell is BELL_C else []))
        hour.gauge("dagster_database_timezone_offset_seconds", bell, 0,
                   *gone, *([(10, 25, 3600)] if bell is BELL_C else []))
        hour.gauge("dagster_completion_scan_caught_up", bell, 1, *gone)
        hour.gauge("dagster_backfill_oldest_age_seconds", bell, 0, *gone,
                   *([(20, 58, 4000)] if bell is BELL_C else [(22, 38, None)] if gone else []))
        hour.gauge("dagster_database_connections_max", bell, 100, *gone)
        for application, usual, changes in (("dagster", 15, [(12, 32, 80)]), ("other", 5, [])):
            hour.gauge("dagster_database_connections", {**bell, "application": application, "state": "idle"}, usual,
                       *gone, *(changes if bell is BELL else []))
    hour.gauge("tocsin_collector_part_lost", {**BELL_B, "collector": "dagster", "name": "dagster", "part": "backfills"},
               None, (22, 38, 1))
    hour.gauge("pgbouncer_pools_client_maxwait_seconds", {**BELL, "database": "dagster", "user": "dagster"}, 0,
               (12, 26, 8))
    hour.gauge("pgbouncer_pools_client_maxwait_seconds", {**BELL, "database": "shop", "user": "shop"}, 9)


def _dagster_daemons(hour):
    """A sensor daemon dies; others fail, restart, run twice, are missing. One that nobody needs has long been dead."""
    def daemon(kind, age=(), errors=(), flapping=(), restarts=(), required=1):
        labels = {**BELL, "daemon_type": kind}
        hour.gauge("dagster_daemon_required", labels, required)
        hour.gauge("dagster_daemon_heartbeat_age_seconds", labels, 15, *age)
        hour.time("dagster_daemon_last_heartbeat_timestamp_seconds", labels, 15, *age)
        hour.gauge("dagster_daemon_heartbeat_errors", labels, 0, *errors)
        hour.gauge("dagster_daemon_flapping", labels, 0, *flapping)
        hour.counter("dagster_daemon_restarts_total", labels, 0, *restarts)

    daemon("SENSOR", age=[(6, 18, ramp(60, 15))])
    daemon("SCHEDULER", age=[(30, 32, 75)], errors=[(20, 40, 2)], flapping=[(40, 44, 1)])
    daemon("BACKFILL", restarts=[(25, 31, 1)])
    daemon("QUEUED_RUN_COORDINATOR")
    daemon("FRESHNESS_DAEMON", age=[(0, MINUTES, ramp(60, 9000))], required=0)
    hour.gauge("dagster_daemon_required", {**BELL, "daemon_type": "ASSET"}, None, (10, 20, 1))
    hour.gauge("dagster_daemon_leader_lease_held", BELL, 1, (50, 51, 0))
    hour.gauge("dagster_webserver_up", BELL, 1, (33, 37, 0))
    hour.gauge("dagster_code_location_load_error", {**BELL, "location": "finance"}, 0, (30, 40, 1))
    hour.gauge("dagster_code_location_load_error", {**BELL, "location": "people"}, 0)


def _dagster_queue(hour):
    """The queue backs up: first nothing is launched any more, later there is more than can be. The second's runs do
    not end; the third has none."""
    usual = {"QUEUED": 2, "STARTING": 1, "STARTED": 4, "CANCELING": 0}
    changes = {"QUEUED": [(30, 64, 40)], "STARTING": [(24, 36, 0)], "STARTED": [(24, 36, 0)]}
    for status, value in usual.items():
        hour.gauge("dagster_runs_in_flight", {**BELL, "status": status}, value, *changes.get(status, []))
        hour.gauge("dagster_runs_in_flight", {**BELL_B, "status": status}, 6, (50, 57, None))
        hour.gauge("dagster_runs_in_flight", {**BELL_C, "status": status}, 0)
    hour.gauge("dagster_oldest_queued_run_age_seconds", BELL, 20, (12, 36, ramp(60)))
    hour.gauge("dagster_oldest_queued_run_age_seconds", BELL_B, 20, (50, 57, None))
    hour.gauge("dagster_oldest_queued_run_age_seconds", BELL_C, 0)
    hour.time("dagster_last_run_finished_timestamp_seconds", {**BELL_B, "status": "SUCCESS"}, 60, (22, 45, 4000),
              (50, 57, None))
    hour.time("dagster_last_run_finished_timestamp_seconds", {**BELL_B, "status": "FAILURE"}, 7200, (50, 57, None))
    hour.gauge("dagster_oldest_run_age_seconds", {**BELL, "status": "STARTING"}, 5, (30, 45, ramp(60, 100)))
    hour.gauge("dagster_oldest_run_age_seconds", {**BELL, "status": "STARTED"}, 900, (12, 30, 4000))
    key = {**BELL, "concurrency_key": "warehouse"}
    hour.gauge("dagster_concurrency_slots", key, 4)
    hour.gauge("dagster_concurrency_slots_claimed", key, 2, (8, 30, 4))
    hour.gauge("dagster_concurrency_oldest_pending_age_seconds", key, 0, (10, 30, 2000))


def _dagster_runs(hour):
    """Failures burst. Then many runs succeed, and what had failed is the lesser part again."""
    for bell in (BELL, BELL_B, BELL_C):
        gone = [(50, 57, None)] if bell is BELL_B else []
        burst = [(15, 40, ramp(2, 2)), (40, 44, 6)] if bell is BELL else []
        hour.gauge("dagster_runs_finished_last_hour", {**bell, "status": "SUCCESS"}, 30, *gone)
        hour.gauge("dagster_runs_finished_last_hour", {**bell, "status": "FAILURE"}, 1, *gone, *burst)
        for kind, status, failing in (("SENSOR", "SUCCESS", 0), ("SCHEDULE", "SUCCESS", 0), ("SENSOR", "FAILURE", 1)):
            changes = [(18, 26, 1)] if failing and bell is BELL else []
            hour.counter("dagster_job_ticks_total", {**bell, "tick_type": kind, "status": status}, 1 - failing, *gone,
                         *changes)
    job = {**BELL, "job_name": "nightly", "location": "finance"}
    hour.counter("dagster_runs_failed_total", job, 0, (15, 25, 3))
    hour.counter("dagster_runs_failed_total", {**job, "job_name": "hourly"}, 0, (15, 20, 1))
    hour.counter("dagster_runs_will_retry_total", {**BELL, "job_name": "nightly"}, 0, (15, 25, 1))
    hour.counter("dagster_completed_runs_total", {**job, "status": "success"}, 0.5, (35, MINUTES, 3))
    hour.counter("dagster_completed_runs_total", {**job, "status": "failed"}, 0, (15, 25, 3))
    # Two runs take long; they are a small share of the many short ones that follow.
    runs = {**BELL, "status": "SUCCESS"}
    hour.counter("dagster_runs_duration_seconds_count", runs, 2, (40, MINUTES, 20))
    for limit, long in (("60.0", 0), ("3600.0", 1), ("+Inf", 2)):
        hour.counter("dagster_runs_duration_seconds_bucket", {**runs, "le": limit}, 2, (26, 28, long),
                     (40, MINUTES, 20))
    hour.gauge("dagster_schedule_last_tick_status", {
        **BELL, "location": "finance", "schedule_name": "nightly", "status": "failure"}, 0, (30, 40, 1))
    hour.gauge("dagster_backfills", {**BELL, "status": "FAILING"}, 0, (42, 44, 1))


def _dagster_platform(hour):
    _memory(hour, {"namespace": "floe", "pod": "dagster-daemon-0", "container": "dagster-daemon"}, 0.6, (20, 32, 0.95))
    for deployment, usual, change in (("dagster-webserver", 2, (40, 44, 0)), ("dagster-worker", 3, (20, 28, 1)),
                                      ("polaris", 1, (40, 44, 0)), ("marquez", 1, (40, 47, 0))):
        hour.gauge("kube_deployment_status_replicas_available",
                   {**BELL, "namespace": "floe", "deployment": deployment}, usual, change)
    cronjob = {**BELL, "namespace": "floe", "cronjob": "dagster-backup"}
    hour.time("kube_cronjob_status_last_successful_time", cronjob, 9000, (15, 30, 24000))
    hour.time("kube_cronjob_created", cronjob, 900000)


# --- Kailash --------------------------------------------------------------------------------------------------------


def _kailash(hour):
    """The server fails in three ways; a breaker opens, is stuck and nearly forgotten; a pool drains; workers go."""
    hour.gauge("kailash_up", BELL, 1, (10, 13, 0), (16, 18, 0))
    hour.gauge("kailash_live", BELL, 1, (16, 18, 0))
    hour.gauge("kailash_ready", BELL, 1, (16, 18, 0), (20, 21, 0))
    source = {**BELL, "collector": "kailash", "name": "kailash"}
    hour.gauge("tocsin_collector_up", source, 1)
    hour.gauge("tocsin_collector_source_up", {**source, "source": "http"}, 1, (24, 31, 0))
    hour.counter("kailash_errors_total", {**BELL, "workflow": "orders", "category": "timeout"}, 0, (30, 40, 12))
    hour.counter("kailash_workflow_total", {**BELL, "workflow": "orders"}, 60)
    hour.counter("kailash_workflow_success_total", {**BELL, "workflow": "orders"}, 60, (10, 20, 47))

    for name, changes in (("payments", [(12, 22, 2), (22, 24, 1)]), ("mail", [])):
        breaker = {**BELL, "name": name}
        hour.gauge("kailash_circuit_breaker_state", breaker, 0, *changes)
        hour.gauge("kailash_circuit_breaker_failures", breaker, 0, *([(11, 24, 6)] if changes else []))
        hour.time("kailash_circuit_breaker_last_failure_timestamp_seconds", breaker, 90000,
                  *([(12, 40, ramp(60))] if changes else []))
        hour.gauge("kailash_circuit_breaker_key_ttl_seconds", breaker, 3000, *([(20, 22, 500)] if changes else []))

    pool = {**BELL, "pool": "main-db"}
    hour.gauge("kailash_pool_max_connections", pool, 10)
    hour.gauge("kailash_pool_active_connections", pool, 4, (26, 30, 9), (30, 33, 10), (33, 36, 9))
    hour.gauge("kailash_pool_available_connections", pool, 6, (26, 30, 1), (30, 33, 0), (33, 36, 1))
    hour.counter("kailash_pool_exhaustion_events_total", pool, 0, (30, 33, 2))

    queue = {**BELL, "queue": "mails", "backend": "redis"}
    hour.gauge("kailash_task_queue_depth", {**queue, "state": "pending"}, 10, (30, 45, 150))
    hour.gauge("kailash_task_queue_depth", {**queue, "state": "processing"}, 2)
    hour.gauge("kailash_workers_alive", queue, 3, (38, 43, 0))


# --- Miroir ---------------------------------------------------------------------------------------------------------


def _miroir_store(hour):
    """Its Redis is away, then slow, evicts and does not save; the leader is lost, and changes; jobs pile up."""
    hour.gauge("miroir_task_store_up", {**BELL, "backend": "redis"}, 1, (20, 23, 0))
    hour.histogram("miroir_task_store_latency_seconds", {**BELL, "backend": "redis", "operation": "ping"}, 60,
                   {"0.01": 1, "0.1": 1, "1.0": 1}, (30, 40, {"0.01": 0, "0.1": 0.5, "1.0": 1}))
    hour.counter("miroir_redis_evicted_keys_total", BELL, 0, (25, 27, 5))
    hour.time("miroir_redis_last_save_timestamp_seconds", BELL, 60, (10, 50, ramp(60)))
    hour.gauge("miroir_leader_lease_held", {**BELL, "scope": "drift_reconciler"}, 1, (26, 28, 0))
    hour.counter("miroir_leader_changes_total", {**BELL, "scope": "drift_reconciler"}, 0, (30, 36, 1))
    hour.gauge("miroir_background_queue_depth", BELL, 2, (20, 28, 50), (28, 42, 150))
    hour.histogram("miroir_task_processing_age_seconds", {**BELL, "pod": "miroir-0"}, 30,
                   {"10.0": 1, "60.0": 1, "300.0": 1}, (15, 35, {"10.0": 0, "60.0": 0.3, "300.0": 1}))
    for canary, age, success in (("books", [(10, 40, ramp(60))], []), ("films", [], [(20, 40, 0)])):
        hour.time("miroir_canary_last_run_timestamp_seconds", {**BELL, "canary": canary}, 60, *age)
        hour.gauge("miroir_canary_last_run_success", {**BELL, "canary": canary}, 1, *success)


def _miroir_pods(hour):
    """One of three pods is gone, another full and slow, a third does not know its peers; shards degrade."""
    hour.gauge("miroir_max_concurrent_requests", BELL, 500)
    for number in range(3):
        pod = {**BELL, "pod": f"miroir-{number}"}

        def only(which, *changes, number=number):
            return changes if number == which else ()

        hour.gauge("miroir_up", pod, 1, *only(0, (20, 27, 0)))
        hour.gauge("miroir_ready", pod, 1)
        hour.gauge("miroir_requests_in_flight", pod, 20, *only(1, (30, 33, 450)))
        hour.gauge("miroir_request_queue_depth", pod, 0, *only(1, (30, 34, 600)))
        hour.gauge("miroir_memory_pressure", pod, 0, *only(1, (30, 37, 2)))
        hour.gauge("miroir_peer_pod_count", pod, 3, *only(2, (40, 44, 2)))
        hour.gauge("miroir_degraded_shards", pod, 0, *only(0, (44, 48, 2)))
        hour.counter("miroir_settings_hash_mismatch_total", pod, 0, *only(0, (15, 30, 1)))
        for node in ("node-a", "node-b"):
            hour.gauge("miroir_node_healthy", {**pod, "node_id": node}, 1,
                       *((45, 52, 0),) if node == "node-b" else ())
        hour.histogram("miroir_request_duration_seconds", {
            **pod, "method": "POST", "path_template": "/indexes/{uid}/search", "status": "200"}, 60,
            {"0.5": 1, "2.0": 1, "5.0": 1}, (12, 22, {"0.5": 0, "2.0": 0.5, "5.0": 1}))


def _miroir_surroundings(hour):
    container = {"namespace": "search", "pod": "miroir-0", "container": "miroir"}
    _processor(hour, container, 0.3, (30, 45, 0.95))
    _memory(hour, container, 0.5, (30, 44, 0.9))
    deployment = {**BELL, "namespace": "search", "deployment": "miroir"}
    hour.gauge("kube_deployment_spec_replicas", deployment, 3)
    hour.gauge("kube_deployment_status_replicas_available", deployment, 3, (45, 50, 1), (50, 53, 0), (53, 58, 1))
    hour.counter("kube_pod_container_status_restarts_total", {**BELL, **container, "uid": "u-miroir-0"}, 0,
                 (20, 26, 1))
    _autoscaler(hour, "search", "miroir-hpa", (20, 38))


# --- Atlas ----------------------------------------------------------------------------------------------------------


def _atlas(hour):
    """One pod fails, another is maintained for an hour; optimizations fail, and get slower and slower."""
    for pod, down, unready, maintained, unreadable in (
            ("atlas-0", [(18, 22, 0)], [(18, 23, 0)], [], [(30, 37, 0)]),
            ("atlas-1", [(10, 60, 0)], [(10, 60, 0)], [(2, 66, 1)], [])):
        labels = {**BELL, "pod": pod}
        hour.gauge("atlas_healthy", labels, 1, *down)
        hour.gauge("atlas_ready", labels, 1, *unready)
        hour.gauge("atlas_maintenance", labels, 0, *maintained)
        hour.gauge("atlas_up", labels, 1, *unreadable)
        for dependency in ("database", "redis"):
            hour.gauge("atlas_dependency_up", {**labels, "dependency": dependency}, 1,
                       *([(24, 27, 0)] if (pod, dependency) == ("atlas-0", "redis") else []))
        hour.counter("atlas_metrics_worker_flap_total", labels, 0, *([(40, 46, 1)] if down == [(18, 22, 0)] else []))
    method = {**BELL, "pod": "atlas-0", "method": "mean_variance"}
    hour.counter("optimization_requests_total", {**method, "status": "success"}, 60)
    hour.counter("optimization_requests_total", {**method, "status": "error"}, 0, (10, 20, 20))
    hour.histogram("optimization_duration_seconds", method, 60, {"1.0": 0.9, "5.0": 1, "10.0": 1},
                   (22, 32, {"1.0": 0, "5.0": 0.5, "10.0": 1}), (34, 56, {"1.0": 0, "5.0": 0.2, "10.0": 0.5}))
    hour.counter("optimization_duration_seconds_sum", method, 40, (22, 32, 300), (34, 56, 60 * 600))
    hour.counter("atlas_rate_limited_total", {**BELL, "zone": "api"}, 0, (10, 25, 5))
    hour.gauge("atlas_database_pool_max", BELL, 5)
    hour.gauge("atlas_database_connections", {**BELL, "state": "active"}, 2, (40, 43, 5))
    hour.gauge("atlas_database_connections", {**BELL, "state": "idle"}, 3, (40, 43, 0))
    _memory(hour, {"namespace": "optimizer", "pod": "atlas-0", "container": "optimizer"}, 0.6, (30, 38, 0.97))
    _autoscaler(hour, "optimizer", "optimizer-hpa", (10, 30))


# --- DashFlow -------------------------------------------------------------------------------------------------------


def _dashflow(hour):
    """Requests fail, then take long; probes fail; pages are not to be read; the second one's counter is gone."""
    hour.gauge("dashflow_max_concurrent_requests", BELL, 100)
    hour.gauge("dashflow_max_concurrent_requests", BELL_B, 100)
    hour.counter("dashflow_requests_total", {**BELL_B, "endpoint": "/run", "status": "success", "pod": "dashflow-b"},
                 60, (30, 37, None))
    for number in range(2):
        pod = {**BELL, "pod": f"dashflow-{number}"}
        requests = {**pod, "endpoint": "/run"}
        hour.counter("dashflow_requests_total", {**requests, "status": "success"}, 600)
        hour.counter("dashflow_requests_total", {**requests, "status": "error"}, 0, (10, 20, 83))
        hour.histogram("dashflow_request_duration_seconds", pod, 600, {"0.1": 1, "1.0": 1, "5.0": 1},
                       (24, 34, {"0.1": 0, "1.0": 0.5, "5.0": 1}))
        hour.gauge("dashflow_up", pod, 1, *([(40, 47, 0)] if number else []))
        hour.gauge("dashflow_ready", pod, 1, *([(24, 28, 0)] if number else [(20, 23, 0)]))
        hour.gauge("dashflow_healthy", pod, 1, *([(24, 27, 0)] if number else []))


def _dashflow_surroundings(hour):
    container = {"namespace": "dashflow", "pod": "dashflow-0", "container": "dashflow"}
    _memory(hour, container, 0.5, (30, 37, 0.95))
    _processor(hour, container, 0.4, (12, 22, 0.95))
    hour.gauge("kube_pod_status_ready", {
        **BELL, "namespace": "dashflow", "pod": "dashflow-9", "uid": "u-9", "condition": "true"}, 1, (25, 32, 0))
    hour.gauge("kube_pod_status_phase", {
        **BELL, "namespace": "dashflow", "pod": "dashflow-9", "uid": "u-9", "phase": "Running"}, 1, (25, 32, 0))
    hour.gauge("kube_pod_status_phase", {
        **BELL, "namespace": "dashflow", "pod": "dashflow-9", "uid": "u-9", "phase": "Pending"}, 0, (25, 32, 1))
    hour.counter("kube_pod_container_status_restarts_total", {**BELL, **container, "uid": "u-0"}, 0, (34, 39, 1))
    deployment = {**BELL, "namespace": "dashflow", "deployment": "dashflow"}
    hour.gauge("kube_deployment_spec_replicas", deployment, 4)
    hour.gauge("kube_deployment_status_replicas_available", deployment, 4, (34, 40, 1), (40, 43, 0))
    _autoscaler(hour, "dashflow", "dashflow-hpa", (12, 30))


# --- Containers, Kubernetes and this machine ------------------------------------------------------------------------


def _memory(hour, container, usual, *changes):
    """Use of a gigabyte, in shares of it; a tenth more with caches, but never more than all."""
    def used(more):
        return [(begin, end, min(share * more, 1) * 2**30) for begin, end, share in changes]
    labels = {**BELL, **container}
    hour.gauge("container_spec_memory_limit_bytes", labels, 2**30)
    hour.gauge("container_memory_working_set_bytes", labels, usual * 2**30, *used(1))
    hour.gauge("container_memory_usage_bytes", labels, usual * 1.1 * 2**30, *used(1.1))


def _processor(hour, container, usual, *changes):
    """Use of one processor, in shares of it."""
    labels = {**BELL, **container}
    hour.gauge("container_spec_cpu_quota", labels, 100000)
    hour.gauge("container_spec_cpu_period", labels, 100000)
    for cpu in ("cpu0", "cpu1"):
        hour.counter("container_cpu_usage_seconds_total", {**labels, "cpu": cpu}, 30 * usual,
                     *((begin, end, 30 * share) for begin, end, share in changes))


def _autoscaler(hour, namespace, name, at_maximum):
    labels = {**BELL, "namespace": namespace, "horizontalpodautoscaler": name}
    hour.gauge("kube_horizontalpodautoscaler_spec_min_replicas", labels, 2)
    hour.gauge("kube_horizontalpodautoscaler_spec_max_replicas", labels, 10)
    hour.gauge("kube_horizontalpodautoscaler_status_current_replicas", labels, 3, (*at_maximum, 10))


def _containers(hour):
    """A shop's memory fills until the kernel kills; later its processor time is short, first in bursts only."""
    container = {"namespace": "shop", "pod": "web-0", "container": "web"}
    _memory(hour, container, 0.5, (20, 32, 0.95))
    hour.counter("container_oom_events_total", {**BELL, **container}, 0, (31, 32, 1))
    _processor(hour, container, 0.4, (30, 50, 0.96))
    worker = {**BELL, "namespace": "shop", "pod": "worker-0", "container": "worker"}
    hour.counter("container_cpu_cfs_periods_total", worker, 600)
    hour.counter("container_cpu_cfs_throttled_periods_total", worker, 0, (10, 32, 300))
    # One that leaves its counter behind when it is killed.
    crashing = {**BELL, "namespace": "shop", "pod": "cart-0", "container": "cart", "uid": "u-cart"}
    hour.counter("kube_pod_container_status_restarts_total", crashing, 0, (20, 21, 1))
    hour.gauge("kube_pod_container_status_last_terminated_reason", {**crashing, "reason": "OOMKilled"}, None,
               (20, MINUTES, 1))


def _workloads(hour):
    shop = {**BELL, "namespace": "shop"}
    hour.counter("kube_pod_container_status_restarts_total", {
        **shop, "pod": "till-0", "container": "till", "uid": "u-till"}, 0, (20, 25, 1))
    pod = {**shop, "pod": "search-0", "uid": "u-search"}
    hour.gauge("kube_pod_status_ready", {**pod, "condition": "true"}, 1, (30, 50, 0))
    for phase in ("Pending", "Running"):
        running = phase == "Running"
        hour.gauge("kube_pod_status_phase", {**pod, "phase": phase}, int(running), (30, 50, int(not running)))
    web = {**shop, "deployment": "web"}
    hour.gauge("kube_deployment_spec_replicas", web, 2)
    hour.gauge("kube_deployment_status_replicas_available", web, 2, (40, 48, 0))
    store = {**shop, "statefulset": "store"}
    hour.gauge("kube_statefulset_replicas", store, 1)
    hour.gauge("kube_statefulset_status_replicas_available", store, 1, (12, 19, 0))
    budget = {**BELL, "namespace": "office", "poddisruptionbudget": "wiki"}
    hour.gauge("kube_poddisruptionbudget_status_desired_healthy", budget, 2)
    hour.gauge("kube_poddisruptionbudget_status_expected_pods", budget, 3)
    hour.gauge("kube_poddisruptionbudget_status_current_healthy", budget, 3, (20, 34, 1))
    _autoscaler(hour, "shop", "web", (10, 30))
    cronjob = {**shop, "cronjob": "invoices"}
    hour.time("kube_cronjob_created", cronjob, 900000)
    hour.time("kube_cronjob_status_last_schedule_time", cronjob, 300)
    hour.time("kube_cronjob_status_last_successful_time", cronjob, 290, (20, 35, 9000))
    hour.gauge("kube_cronjob_status_active", cronjob, 0)
    hour.gauge("kube_cronjob_spec_suspend", cronjob, 0)


def _filesystems(hour):
    disk = {**BELL, "device": "/dev/vda1", "fstype": "ext4", "mountpoint": "/var/lib"}
    hour.gauge("node_filesystem_size_bytes", disk, 2**40)
    hour.gauge("node_filesystem_avail_bytes", disk, 2**39, (8, 45, 0.08 * 2**40), (45, 53, 0.01 * 2**40))
    hour.gauge("node_filesystem_readonly", disk, 0)
    hour.gauge("node_filesystem_files", disk, 1000000)
    hour.gauge("node_filesystem_files_free", disk, 900000, (20, 40, 20000))


# --- tocsin ---------------------------------------------------------------------------------------------------------


def _tocsin_process(hour):
    """Three of them: the first is well, the second has every trouble, the third is short of an Alertmanager only."""
    for bell in (BELL, BELL_B, BELL_C):
        hour.gauge("up", bell, 1, *([(50, 55, 0)] if bell is BELL_B else []))
        hour.gauge("tocsin_build_info", {**bell, "version": "1.0.0", "revision": "0"}, 1)
        hour.gauge("tocsin_config_last_reload_successful", bell, 1, *([(10, 18, 0)] if bell is BELL_B else []))
        hour.gauge("process_start_time_seconds", bell, 1, *([(20, 26, ramp(60, 60)), (26, MINUTES, 500)]
                                                            if bell is BELL_B else []))


def _tocsin_collectors(hour):
    def collector(name, up=(), stale=(), source=(), errors=(), slow=(), dropped=(), skew=(), lost=()):
        labels = {**BELL_B, "collector": "redis", "name": name}
        hour.gauge("tocsin_collector_up", labels, 1, *up)
        hour.gauge("tocsin_collector_source_up", {**labels, "source": "keys"}, 1, *source)
        hour.gauge("tocsin_collector_interval_seconds", labels, 15)
        hour.time("tocsin_collector_last_success_timestamp_seconds", labels, 5, *stale)
        hour.gauge("tocsin_collector_duration_seconds", labels, 0.1, *slow)
        hour.gauge("tocsin_source_clock_skew_seconds", {**labels, "source": "keys"}, 0.1, *skew)
        hour.counter("tocsin_collector_errors_total", {**labels, "reason": "timeout"}, 0, *errors)
        hour.counter("tocsin_samples_dropped_total", {**labels, "reason": "duplicate"}, 0, *dropped)
        hour.gauge("tocsin_collector_part_lost", {**labels, "part": "info"}, None, *lost)

    collector("sessions", up=[(12, 20, 0)])
    collector("baskets", stale=[(12, 24, ramp(60))], dropped=[(30, 38, 1)])
    collector("prices", source=[(12, 26, 0)])
    collector("stock", errors=[(15, 32, 1)])
    collector("returns", lost=[(10, 34, 1)])
    collector("orders", slow=[(10, 45, 17.2)], skew=[(10, 25, -40)])


def _tocsin_rules(hour):
    group = {**BELL_B, "rule_group": "/etc/tocsin/rules.yaml;web"}
    hour.counter("tocsin_rule_evaluation_failures_total", group, 0, (10, 24, 1))
    hour.counter("tocsin_rule_group_iterations_missed_total", group, 0, (30, 45, 1))
    hour.gauge("tocsin_rule_group_interval_seconds", group, 60)
    hour.time("tocsin_rule_group_last_evaluation_timestamp_seconds", group, 30, (40, 48, ramp(60)))
    hour.gauge("tocsin_storage_history_failing", BELL_B, 0, (20, 28, 1))
    hour.gauge("tocsin_alert_state_failing", BELL_B, 0)
    hour.gauge("tocsin_outbox_failing", BELL_B, 0, (24, 31, 1))
    hour.counter("tocsin_storage_history_samples_lost_total", BELL_B, 0, (20, 28, 100))
    hour.counter("tocsin_alert_state_events_lost_total", BELL_B, 0, (30, 31, 2))
    hour.counter("tocsin_outbox_records_lost_total", BELL_B, 0)
    hour.counter("tocsin_storage_samples_refused_total", {**BELL_B, "reason": "series_limit"}, 0, (40, 48, 10))
    hour.counter("tocsin_storage_samples_refused_total", {**BELL_B, "reason": "out_of_order"}, 0, (10, 30, 10))


def _tocsin_notifications(hour):
    """The second reaches nobody for a while. The third does, but not its Alertmanager."""
    def target(bell, receiver, name, sent=(), failed=(), queue=(), oldest=(), refused=()):
        labels = {**bell, "receiver": receiver, "target": name}
        hour.counter("tocsin_notifications_sent_total", labels, 2, *sent)
        hour.counter("tocsin_notifications_failed_total", {**labels, "reason": "connect"}, 0, *failed)
        hour.counter("tocsin_notifications_dropped_total", {**labels, "reason": "given_up"}, 0, *refused)
        hour.gauge("tocsin_notifications_queue_capacity", labels, 100)
        hour.gauge("tocsin_notifications_queue_length", labels, 0, *queue)
        hour.gauge("tocsin_outbox_oldest_age_seconds", labels, 0, *oldest)

    away = {"sent": [(12, 42, 0)], "failed": [(12, 42, 3)]}
    target(BELL_B, "alertmanager", "http://alertmanager:9093", **away, queue=[(38, 46, 90)])
    target(BELL_B, "slack", "slack", **away, oldest=[(44, 53, 2000)], refused=[(54, 55, 1)])
    target(BELL_C, "alertmanager", "http://alertmanager:9093", **away)
    target(BELL_C, "slack", "slack")
    hour.counter("tocsin_deadman_calls_total", BELL_B, 1, (30, 48, 0))
    hour.counter("tocsin_deadman_failures_total", BELL_B, 0, (30, 48, 1))


# --- As samples -----------------------------------------------------------------------------------------------------


def selector(name, labels):
    """A series, as PromQL writes it."""
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}"


def number(value):
    """A value, as PromQL writes it."""
    return str(int(value)) if math.isclose(value, int(value), rel_tol=0, abs_tol=0) else repr(float(value))


def moment(text):
    """Of a time in UTC, as APIs write it; whole seconds are enough."""
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()
