"""The handler of worker.mjs on the Python SDK."""

import time

from avtomatika_worker import Worker

worker = Worker(worker_type="bench")
# Renamed after 1.0b2.
task = getattr(worker, "skill", None) or worker.task


@task("bench")
async def bench(params: dict, **kwargs):
    at = params.get("at")
    data = {"n": 1} if at is None else {"n": 1, "waitedMs": time.time() * 1000 - at}
    return {"status": "success", "data": data}


if __name__ == "__main__":
    worker.run()
