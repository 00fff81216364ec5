"""A worker on a published Python SDK, 1.0b2 or 1.0b20, for the interop suite. Set through the SDK's own variables.

The process ends when its standard input closes, so that it cannot outlive the tests that started it.
"""

import asyncio
import os
import sys
import threading

from avtomatika_worker import Worker

worker = Worker(worker_type="python", max_concurrent_tasks=4)
# Renamed in between.
task = getattr(worker, "skill", None) or worker.task


@task("echo")
async def echo(params: dict, **_):
    return {"status": "success", "data": {"echo": params}}


@task("unlucky")
async def unlucky(params: dict, **_):
    return {"status": "failure", "error": {"code": "TRANSIENT_ERROR", "message": "no luck"}}


@task("slow")
async def slow(params: dict, task_id: str = "", job_id: str = "", send_progress=None, **_):
    if hasattr(worker, "skill"):
        await send_progress(task_id, job_id, 0.5, "half")
    await asyncio.sleep(params.get("seconds", 0.5))
    return {"status": "success", "data": {"slept": True}}


def end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_standard_input, daemon=True).start()
worker.run()
