/** The worker in `worker.py`, which uses the Python SDK, in TypeScript. */
// #region worker
import { PermanentError, Worker } from 'avtomatika-worker'
import { z } from 'zod'

const worker = new Worker({ workerType: 'text', maxConcurrentTasks: 5, taskTypeLimits: { text: 2 } })

const CountParams = z.object({
  text: z.string(),
  minimum: z.int().default(1),
})

worker.task('count_words', { taskType: 'text', params: CountParams }, ({ text, minimum }, { progress }) => {
  const words = text.split(/\s+/).filter((word) => word.length >= minimum)
  progress(0.5, 'counted')
  if (words.length === 0) throw new PermanentError('no word is long enough')
  return { data: { words: words.length } }
})

await worker.runWithHealthCheck()
// #endregion
