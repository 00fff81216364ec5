"""The handler of worker.mjs on the Python SDK."""

from avtomatika_worker import Worker

worker = Worker(worker_type="bench")


@worker.task("bench")
async def bench(params: dict, **kwargs):
    return {"status": "success", "data": {"n": 1}}


if __name__ == "__main__":
    worker.run()
