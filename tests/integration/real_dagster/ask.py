"""Prints what Dagster's own API says about the instance in $DAGSTER_HOME, as JSON. Runs in Dagster's venv."""
import collections
import json

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

with DagsterInstance.get() as instance:
    ticks = collections.Counter()
    for state in instance.all_instigator_state():
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id):
            ticks[tick.status.value] += 1
    print(json.dumps({
        "runs": {status.value: instance.get_runs_count(RunsFilter(statuses=[status]))
                 for status in DagsterRunStatus},
        "heartbeats": {daemon: heartbeat.timestamp
                       for daemon, heartbeat in instance.get_daemon_heartbeats().items()},
        "ticks": ticks,
    }))
