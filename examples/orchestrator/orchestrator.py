"""An orchestrator for production, with one blueprint for the image worker of the examples.

    pip install 'avtomatika[redis]==1.0b30'
    REDIS_HOST=… GLOBAL_WORKER_TOKEN=… ORCHESTRATOR_SECRET_KEY=… CLIENTS_CONFIG_PATH=clients.toml python orchestrator.py

Run as many as you like on one Redis, each with an INSTANCE_ID of its own: they share jobs and workers.
"""

import asyncio
import signal

from avtomatika import Blueprint, OrchestratorEngine
from avtomatika.config import Config
from avtomatika.storage.redis import RedisStorage
from redis.asyncio import Redis

pictures = Blueprint(name="pictures", api_version="v1", api_endpoint="/jobs/resize")


@pictures.handler(is_start=True)
async def start(initial_data, actions):
    actions.dispatch_task(
        task_type="resize_image",
        params=initial_data,
        transitions={"success": "finished", "failure": "failed"},
    )


# Only an end state of this name gives the job the status "finished".
@pictures.handler(is_end=True)
async def finished(job_id):
    pass


@pictures.handler(is_end=True)
async def failed(job_id):
    pass


async def main() -> None:
    config = Config()
    # Each poll waits in Redis, for longer than the 5 s that newer clients give a socket, and there may be more than their 100.
    redis = Redis(
        host=config.REDIS_HOST,
        port=config.REDIS_PORT,
        db=config.REDIS_DB,
        socket_timeout=None,
        max_connections=10_000,
    )
    storage = RedisStorage(redis)
    engine = OrchestratorEngine(storage, config)
    engine.register_blueprint(pictures)
    ended = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, ended.set)
    await engine.start()
    await ended.wait()
    await engine.stop()


asyncio.run(main())
