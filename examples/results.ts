import { InvalidInputError, PermanentError, TransientError, Worker } from 'avtomatika-worker'

const worker = new Worker()

/** Stands for a service that is asked for its opinion. */
const ask = async (text: string) => {
  if (text === 'busy') return { status: 503, score: 0 }
  return { status: text.includes('\u0000') ? 415 : 200, score: Math.min(1, text.length / 10) }
}

// #region results
worker.task('judge', async ({ text }) => {
  if (typeof text !== 'string') throw new InvalidInputError('text: expected a string') // the job fails
  const { status, score } = await ask(text)
  if (status === 503) throw new TransientError('the service is busy') // the task is dispatched again
  if (status === 415) throw new PermanentError('this is not text') // the job is quarantined
  if (score < 0.5) return { status: 'needs_manual_review', data: { score } } // the blueprint decides what follows
  return { data: { score } } // success
})
// #endregion

await worker.runWithHealthCheck()
