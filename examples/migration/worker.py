# #region worker
from dataclasses import dataclass

from avtomatika_worker import Worker

worker = Worker(worker_type="text", max_concurrent_tasks=5, skill_type_limits={"text": 2})


@dataclass
class CountParams:
    text: str
    minimum: int = 1


@worker.skill("count_words", type="text")
async def count_words(params: CountParams, task_id, job_id, send_progress):
    words = [word for word in params.text.split() if len(word) >= params.minimum]
    await send_progress(task_id, job_id, 0.5, "counted")
    if not words:
        return {"status": "failure", "error": {"code": "PERMANENT_ERROR", "message": "no word is long enough"}}
    return {"data": {"words": len(words)}}


worker.run_with_health_check()
# #endregion
