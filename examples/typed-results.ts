import { Worker } from 'avtomatika-worker'
import { z } from 'zod'

const worker = new Worker()

// #region results
worker.task(
  'rate',
  {
    params: z.object({ text: z.string() }),
    result: z.object({ score: z.number().min(0).max(1) }),
    statuses: ['needs_manual_review'],
  },
  ({ text }) => {
    const score = text.length / 10
    if (score < 0.5) return { status: 'needs_manual_review', data: { score } }
    return { data: { score } }
  },
)
// #endregion

await worker.runWithHealthCheck()
