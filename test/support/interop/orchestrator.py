"""Runs any published orchestrator, 1.0b1 to 1.0b30, for the interop suite: one blueprint, on Redis or in memory.

Everything is set through the orchestrator's own environment variables, plus RATE_LIMIT_WINDOW_SECONDS, RECLAIM_MS (how
long a job that is being moved lies untouched in Redis before another process takes it over), WAIT_FOR_WORKER (a job
waits until a worker can take its task, where it would be quarantined) and TELL_TRACES (tasks carry the trace of their job).
A line "forget-workers" on its standard input does that. The process ends when its standard input
closes, so that it cannot outlive the tests that started it.
"""

import asyncio
import faulthandler
import importlib.metadata
import importlib.util
import inspect
import logging
import os
import signal
import sys
import uuid

# A start that hangs says where, before the tests give it up.
faulthandler.dump_traceback_later(10)

from aiohttp.web_request import Request  # noqa: E402


# The second generation brings the library of its wire.
IS_RXON = importlib.util.find_spec("rxon") is not None


def share_the_body(request: Request, **_: object) -> Request:
    """Every version of the first generation reads a result's body twice: once to authenticate it, on a clone, and
    once to act upon it. The clone drains the stream, so the second read finds nothing and the answer is 400. aiohttp
    keeps a body that it has read, so handing out the request itself lets both reads see it."""
    return request


# Before avtomatika is imported: it must never see the original.
if not IS_RXON:
    Request.clone = share_the_body  # type: ignore[method-assign, assignment]

import avtomatika  # noqa: E402
from avtomatika import OrchestratorEngine  # noqa: E402
from avtomatika.config import Config  # noqa: E402
from avtomatika.context import ActionFactory  # noqa: E402
from avtomatika.storage.base import StorageBackend  # noqa: E402
from avtomatika.storage.memory import MemoryStorage  # noqa: E402

VERSION = importlib.metadata.version("avtomatika")
# Renamed in between.
Blueprint = getattr(avtomatika, "Blueprint", None) or avtomatika.StateMachineBlueprint
DISPATCH_PARAMETERS = inspect.signature(ActionFactory.dispatch_task).parameters

DEFAULT_TASK_TIMEOUT_SECONDS = 300


def shorten_the_rate_limit_window(seconds: int) -> None:
    """The window of 60 s is written into the routes, and a test cannot wait that long for it to pass."""
    from avtomatika.api import routes

    original = routes.rate_limit_middleware_factory

    def with_short_window(storage: StorageBackend, limit: int, period: int):
        return original(storage=storage, limit=limit, period=seconds)

    routes.rate_limit_middleware_factory = with_short_window


def spare_the_clients() -> None:
    """The second generation counts what clients ask, too, and the tests ask a lot."""
    from aiohttp import web
    from avtomatika import engine

    @web.middleware
    async def pass_on(request: Request, handler):
        return await handler(request)

    engine.rate_limit_middleware_factory = lambda *_, **__: pass_on


def tell_traces() -> None:
    """Every version gives the headers of the job's trace to `inject` as the context to read it from, which finds no span in
    them. So the tracing_context of a task stays empty."""
    from avtomatika import dispatcher

    # The second generation has the function in a module of its own.
    home = getattr(dispatcher, "telemetry", dispatcher)
    original = home.inject

    def inject(carrier: dict, context=None, **options: object) -> None:
        if type(context) is dict:
            carrier.update(context)
        else:
            original(carrier, context=context, **options)

    home.inject = inject


class Memory(MemoryStorage):
    """Later versions give every message of the job queue one and the same id, and drop a job that comes while
    another one is being processed."""

    async def dequeue_job(self, *args: object, **kwargs: object):
        found = await super().dequeue_job(*args, **kwargs)
        return (found[0], uuid.uuid4().hex) if isinstance(found, tuple) else found


class PatientMemory(Memory):
    """1.0b13 puts a coroutine in the place of a job whose task is picked up."""

    async def update_job_state_atomic(self, job_id: str, update_callback):
        if not inspect.iscoroutinefunction(update_callback):
            return await super().update_job_state_atomic(job_id, update_callback)
        async with self._lock:
            self._jobs[job_id] = await update_callback(self._jobs.get(job_id, {}))
            return self._jobs[job_id]


def open_storage(config: Config) -> StorageBackend:
    if not config.REDIS_HOST:
        return PatientMemory() if VERSION == "1.0b13" else Memory()

    from avtomatika.storage.redis import RedisStorage
    from redis.asyncio import Redis

    # Each poll that is held has a connection of its own, and newer clients stop at 100.
    client = Redis(host=config.REDIS_HOST, port=config.REDIS_PORT, db=config.REDIS_DB, max_connections=1_000)
    reclaim_ms = os.environ.get("RECLAIM_MS")
    return RedisStorage(client, min_idle_time_ms=int(reclaim_ms)) if reclaim_ms else RedisStorage(client)


def dispatch_options(initial_data: dict) -> dict:
    """What the client asks for and this version can do."""
    # Without a number here, a transient failure makes 1.0b8 answer 500 and dispatch nothing.
    # Without requirements, be they none, 1.0b14 and 1.0b15 dispatch nothing.
    defaults = {"timeout_seconds": DEFAULT_TASK_TIMEOUT_SECONDS, "priority": 0, "resource_requirements": {}}
    wishes = {**defaults, **initial_data}
    wishes.pop("params", None)
    return {name: value for name, value in wishes.items() if name in DISPATCH_PARAMETERS and value is not None}


def add_end_states(blueprint: Blueprint, *names: str) -> None:
    handler = getattr(blueprint, "handler_for", None) or blueprint.handler
    for name in names:

        # Without annotations: the second generation makes a schema of them, and holds the job's data against it.
        @handler(name, is_end=True)
        async def end(job_id):
            pass


WAITS_FOR_WORKER = "WAIT_FOR_WORKER" in os.environ
LOOK_FOR_WORKER_SECONDS = 0.1


async def until_somebody_takes(storage: StorageBackend, task_type: str) -> None:
    # Both come and go with the versions.
    find = getattr(storage, "find_workers_for_skill", None) or getattr(storage, "find_workers_for_task", None)
    while WAITS_FOR_WORKER and not await find(task_type):
        await asyncio.sleep(LOOK_FOR_WORKER_SECONDS)


# The second generation reads the transitions out of the source: they have to be written out, once for each.


def classic_blueprint(storage: StorageBackend) -> Blueprint:
    blueprint = Blueprint(name="one_task", api_version="v1", api_endpoint="/jobs/one_task")

    @blueprint.handler_for("start", is_start=True)
    async def start(initial_data: dict, actions: ActionFactory) -> None:
        # Up to 1.0b6 a job is given the whole of its request.
        initial_data = initial_data.get("initial_data", initial_data)
        await until_somebody_takes(storage, initial_data["type"])
        actions.dispatch_task(
            task_type=initial_data["type"],
            params=initial_data.get("params", {}),
            **dispatch_options(initial_data),
            transitions={
                "success": "done",
                "needs_manual_review": "review",
                "failure": "failed_state",
                "cancelled": "cancelled_state",
            },
        )

    add_end_states(blueprint, "done", "review", "failed_state", "cancelled_state")
    return blueprint


def rxon_blueprint(storage: StorageBackend) -> Blueprint:
    """Only an end state that is called "finished" gives a job the status finished."""
    blueprint = Blueprint(name="one_task", api_version="v1", api_endpoint="/jobs/one_task")
    handler = getattr(blueprint, "handler_for", None) or blueprint.handler

    @handler("start", is_start=True)
    async def start(initial_data, actions):
        await until_somebody_takes(storage, initial_data["type"])
        actions.dispatch_task(
            task_type=initial_data["type"],
            params=initial_data.get("params", {}),
            **dispatch_options(initial_data),
            transitions={
                "success": "finished",
                "needs_manual_review": "review",
                "failure": "failed_state",
                "cancelled": "cancelled_state",
            },
        )

    add_end_states(blueprint, "finished", "review", "failed_state", "cancelled_state")
    return blueprint


def quieten_the_logs() -> None:
    """The engine turns the root logger to DEBUG, which costs more time than the requests it reports."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


async def forget_workers(storage: StorageBackend) -> None:
    for record in await storage.get_available_workers():
        await storage.deregister_worker(record["worker_id"])


async def obey(storage: StorageBackend) -> None:
    """Does what the lines on standard input say, until it closes."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        if line.strip() == b"forget-workers":
            await forget_workers(storage)
    os._exit(0)


async def until_told_to_stop() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


STOP_SECONDS = 4


async def stop(engine: OrchestratorEngine) -> None:
    """1.0b30 on Redis never ends by itself: its job loop catches what is to end it. Whoever runs it kills it."""
    stopping = asyncio.ensure_future(engine.stop())
    done, _ = await asyncio.wait({stopping}, timeout=STOP_SECONDS)
    if not done:
        os._exit(1)
    stopping.result()


async def main() -> None:
    window = os.environ.get("RATE_LIMIT_WINDOW_SECONDS")
    if window and IS_RXON:
        spare_the_clients()
    elif window:
        shorten_the_rate_limit_window(int(window))
    if "TELL_TRACES" in os.environ:
        tell_traces()
    config = Config()
    storage = open_storage(config)
    engine = OrchestratorEngine(storage, config)
    engine.register_blueprint(rxon_blueprint(storage) if IS_RXON else classic_blueprint(storage))
    quieten_the_logs()
    await engine.start()
    faulthandler.cancel_dump_traceback_later()
    wishes = asyncio.ensure_future(obey(storage))
    try:
        await until_told_to_stop()
    finally:
        wishes.cancel()
        await stop(engine)


asyncio.run(main())
