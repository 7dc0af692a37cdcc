"""A production-like Kailash server, with routes that drive it into failure. Runs in Kailash's venv.

app.py PORT REDIS_URL DATABASE_URL
"""
import contextlib
import sys

import uvicorn
from kailash.core.monitoring.connection_metrics import ConnectionMetricsCollector
from kailash.core.resilience.circuit_breaker import CircuitBreakerConfig, CircuitBreakerError
from kailash.core.resilience.distributed_circuit_breaker import DistributedCircuitBreakerManager
from kailash.db.connection import ConnectionManager
from kailash.infrastructure.factory import StoreFactory
from kailash.infrastructure.task_queue import SQLTaskQueue
from kailash.infrastructure.worker_registry import SQLWorkerRegistry
from kailash.observability import configure_observability
from kailash.runtime.distributed import TaskMessage, TaskQueue, Worker
from kailash.servers import WorkflowServer
from kailash.workflow.builder import WorkflowBuilder

PORT, REDIS, DATABASE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
# A breaker does not judge before it has seen ten calls.
BREAKER_CALLS = 12


def workflow(name, code):
    builder = WorkflowBuilder()
    builder.add_node("PythonCodeNode", "step", {"code": code})
    return builder.build(name=name)


configure_observability(prometheus=True, enable_traces=False)
server = WorkflowServer(require_auth=False)
server.register_workflow("orders", workflow("orders", "result = {'answer': 42}"))
server.register_workflow("broken", workflow("broken", "raise RuntimeError('broken on purpose')"))

pool = ConnectionMetricsCollector("main-db")
server._connection_metrics_provider.register_source("main-db", pool)
breakers = DistributedCircuitBreakerManager(redis_url=REDIS)
redis_queue = TaskQueue(redis_url=REDIS)
worker = Worker(redis_url=REDIS)
stores = {}


@server.app.post("/drive/pool")
async def drive_pool(active: int, idle: int, exhausted: int):
    pool.update_pool_stats(active=active, idle=idle, total=active + idle)
    for _ in range(exhausted):
        pool.track_pool_exhaustion()


@server.app.post("/drive/acquire")
async def drive_acquire():
    with pool.track_acquisition():
        pass


@server.app.post("/drive/breaker")
async def drive_breaker(name: str, failures: int = BREAKER_CALLS):
    breaker = breakers.get_or_create(name, CircuitBreakerConfig(failure_threshold=5))

    async def fail():
        raise ConnectionError("the database is gone")

    for _ in range(failures):
        with contextlib.suppress(ConnectionError, CircuitBreakerError):
            await breaker.call(fail)


@server.app.post("/drive/tasks")
async def drive_tasks(count: int):
    for i in range(count):
        redis_queue.enqueue(TaskMessage(task_id=f"task-{i}"))
    redis_queue.dequeue(timeout=1)
    worker._register_worker()


@server.app.post("/drive/stores")
async def drive_stores():
    factory = StoreFactory(DATABASE)
    await factory.initialize()
    stores["executions"] = await factory.create_execution_store()
    stores["dlq"] = await factory.create_dlq()
    stores["connection"] = ConnectionManager(DATABASE)
    await stores["connection"].initialize()
    stores["queue"] = SQLTaskQueue(stores["connection"])
    await stores["queue"].initialize()
    stores["workers"] = SQLWorkerRegistry(stores["connection"], stores["queue"])
    await stores["workers"].initialize()


@server.app.post("/drive/executions")
async def drive_executions(prefix: str, good: int, bad: int, pending: int):
    store = stores["executions"]
    for i in range(good + bad + pending):
        run = f"{prefix}-{i}"
        await store.record_start(run, "nightly")
        if i < good:
            await store.record_completion(run, {"answer": i})
        elif i < good + bad:
            await store.record_failure(run, "authentication failed for user app")


@server.app.post("/drive/queue")
async def drive_queue():
    queue, workers, dlq = stores["queue"], stores["workers"], stores["dlq"]
    await workers.register("worker-1", "reports")
    for i in range(5):
        await queue.enqueue({"n": i}, queue_name="reports", max_attempts=1)
    first = await queue.dequeue("reports", "worker-1")
    await queue.complete(first.task_id)
    second = await queue.dequeue("reports", "worker-1")
    await queue.fail(second.task_id, "gave up")
    await queue.dequeue("reports", "worker-1")
    await dlq.enqueue("nightly", "no luck", {"n": 1})


@server.app.get("/said")
async def said():
    provider = server._connection_metrics_provider
    answer = {
        "breakers": {name: breaker.get_status() for name, breaker in breakers._breakers.items()},
        "pools": await provider.collect(),
        "redis_queue": {"pending": redis_queue.queue_length(), "processing": redis_queue.processing_length()},
    }
    if stores:
        answer["executions"] = {
            status: len(await stores["executions"].list_executions(status=status, limit=100000))
            for status in ("pending", "completed", "failed")}
        answer["queue"] = await stores["queue"].get_stats("reports")
        answer["dlq"] = await stores["dlq"].get_stats()
        answer["workers"] = len(await stores["workers"].get_active_workers("reports"))
    return answer


uvicorn.run(server.app, host="127.0.0.1", port=PORT, log_level="warning")
