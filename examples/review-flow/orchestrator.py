"""An orchestrator with one blueprint: some articles need the decision of a person before they are published."""

import asyncio
import signal
from pathlib import Path

from avtomatika import Blueprint, OrchestratorEngine
from avtomatika.config import Config
from avtomatika.storage.redis import RedisStorage
from redis.asyncio import Redis

articles = Blueprint(name="articles", api_version="v1", api_endpoint="/jobs/publish_article")


@articles.handler(is_start=True)
async def start(initial_data, actions):
    actions.dispatch_task(
        task_type="check_text",
        params={"text": initial_data["text"]},
        transitions={"success": "publish", "needs_review": "review", "failure": "failed"},
    )


@articles.handler
async def review(job_id, initial_data, actions):
    # Tell a person. A real flow would send a mail or a chat message here.
    Path("reviews", job_id).write_text(initial_data["text"] + "\n")
    actions.await_human_approval(
        integration="folder",
        message="May this text be published?",
        transitions={"approve": "publish", "reject": "rejected"},
    )


@articles.handler
async def publish(initial_data, actions):
    actions.dispatch_task(
        task_type="publish_text",
        params={"text": initial_data["text"]},
        transitions={"success": "finished", "failure": "failed"},
    )


# Only the end state with the name "finished" gives the job the status "finished". The others give it "failed".
@articles.handler(is_end=True)
async def finished():
    pass


@articles.handler(is_end=True)
async def rejected():
    pass


@articles.handler(is_end=True)
async def failed():
    pass


async def main() -> None:
    config = Config()
    # Each poll of a worker waits in Redis. A socket timeout would end the poll with an error.
    redis = Redis(host=config.REDIS_HOST, port=config.REDIS_PORT, socket_timeout=None, max_connections=10_000)
    engine = OrchestratorEngine(RedisStorage(redis), config)
    engine.register_blueprint(articles)
    await engine.start()
    await asyncio.Event().wait()


# Ctrl+C ends the process at once. That loses nothing: the jobs are in Redis.
signal.signal(signal.SIGINT, signal.SIG_DFL)
asyncio.run(main())
