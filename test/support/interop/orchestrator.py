"""Runs the published orchestrator for the interop suite: one blueprint, on Redis or in memory.

Everything is set through the orchestrator's own environment variables, plus RATE_LIMIT_WINDOW_SECONDS.
The process ends when its standard input closes, so that it cannot outlive the tests that started it.
"""

import asyncio
import faulthandler
import logging
import os
import signal
import sys

# A start that hangs says where, before the tests give it up.
faulthandler.dump_traceback_later(10)

from aiohttp.web_request import Request  # noqa: E402


def share_the_body(request: Request, **_: object) -> Request:
    """Every published version reads a result's body twice: once to authenticate it, on a clone, and once to act
    upon it. The clone drains the stream, so the second read finds nothing and the answer is 400. aiohttp keeps a
    body that it has read, so handing out the request itself lets both reads see it."""
    return request


# Before avtomatika is imported: it must never see the original.
Request.clone = share_the_body  # type: ignore[method-assign, assignment]

from avtomatika import OrchestratorEngine, StateMachineBlueprint  # noqa: E402
from avtomatika.api import routes  # noqa: E402
from avtomatika.config import Config  # noqa: E402
from avtomatika.context import ActionFactory  # noqa: E402
from avtomatika.storage.base import StorageBackend  # noqa: E402

DEFAULT_TASK_TIMEOUT_SECONDS = 300


def shorten_the_rate_limit_window(seconds: int) -> None:
    """The window of 60 s is written into the routes, and a test cannot wait that long for it to pass."""
    original = routes.rate_limit_middleware_factory

    def with_short_window(storage: StorageBackend, limit: int, period: int):
        return original(storage=storage, limit=limit, period=seconds)

    routes.rate_limit_middleware_factory = with_short_window


def open_storage(config: Config) -> StorageBackend:
    if not config.REDIS_HOST:
        from avtomatika.storage.memory import MemoryStorage

        return MemoryStorage()

    from avtomatika.storage.redis import RedisStorage
    from redis.asyncio import Redis

    return RedisStorage(Redis(host=config.REDIS_HOST, port=config.REDIS_PORT, db=config.REDIS_DB))


def one_task_blueprint() -> StateMachineBlueprint:
    blueprint = StateMachineBlueprint(name="one_task", api_version="v1", api_endpoint="/jobs/one_task")

    @blueprint.handler_for("start", is_start=True)
    async def start(initial_data: dict, actions: ActionFactory) -> None:
        actions.dispatch_task(
            task_type=initial_data["type"],
            params=initial_data.get("params", {}),
            priority=initial_data.get("priority", 0),
            # Without a number here, a transient failure makes the orchestrator answer 500 and dispatch nothing.
            timeout_seconds=initial_data.get("timeout_seconds", DEFAULT_TASK_TIMEOUT_SECONDS),
            transitions={
                "success": "done",
                "needs_manual_review": "review",
                "failure": "failed_state",
                "cancelled": "cancelled_state",
            },
        )

    for end_state in ("done", "review", "failed_state", "cancelled_state"):

        @blueprint.handler_for(end_state, is_end=True)
        async def end(job_id: str) -> None:
            pass

    return blueprint


def quieten_the_logs() -> None:
    """The engine turns the root logger to DEBUG, which costs more time than the requests it reports."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


async def until_told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 1024) or os._exit(0))
    await stop.wait()


async def main() -> None:
    if window := os.environ.get("RATE_LIMIT_WINDOW_SECONDS"):
        shorten_the_rate_limit_window(int(window))
    config = Config()
    engine = OrchestratorEngine(open_storage(config), config)
    engine.register_blueprint(one_task_blueprint())
    quieten_the_logs()
    await engine.start()
    faulthandler.cancel_dump_traceback_later()
    try:
        await until_told_to_stop()
    finally:
        await engine.stop()


asyncio.run(main())
