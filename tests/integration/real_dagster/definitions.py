"""A code location: a job that succeeds, one that fails, a sensor that launches each of them once, and a schedule
that nobody has switched on."""
import dagster


@dagster.op
def succeed():
    return 1


@dagster.op
def fail():
    raise RuntimeError("broken on purpose")


@dagster.job
def good_job():
    succeed()


@dagster.job
def bad_job():
    fail()


@dagster.sensor(jobs=[good_job, bad_job], minimum_interval_seconds=1,
                default_status=dagster.DefaultSensorStatus.RUNNING)
def launch_each_once(context):
    if context.cursor:
        return dagster.SkipReason("both were launched")
    context.update_cursor("launched")
    return [dagster.RunRequest(run_key=name, job_name=name) for name in ("good_job", "bad_job")]


@dagster.schedule(job=good_job, cron_schedule="0 0 1 1 *")
def new_year():
    return {}


defs = dagster.Definitions(jobs=[good_job, bad_job], sensors=[launch_each_once], schedules=[new_year])
