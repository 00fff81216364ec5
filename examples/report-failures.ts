import { Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region report
/** Stands for the client of an error tracker. */
const report = (error: unknown, tags: object) => console.error('reported', error, tags)

worker.on('taskFinished', ({ taskName, jobId, error }) => {
  if (error) report(error.cause ?? error, { taskName, jobId, code: error.code })
})
// #endregion

worker.task('divide', ({ by }) => {
  if (by === 0) throw new RangeError('cannot divide by 0')
  return { quotient: 42 / by }
})

await worker.runWithHealthCheck()
