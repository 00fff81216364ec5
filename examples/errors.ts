import { InvalidInputError, PermanentError, TransientError, Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region errors
const LIMIT_MS = 10_000

worker.task('measure_page', async ({ url }, { signal }) => {
  if (!URL.canParse(url)) throw new InvalidInputError(`url: expected a URL, got ${url}`)
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
  }).catch((error: unknown) => {
    signal.throwIfAborted() // cancelled, or the deadline of the task has passed
    throw new TransientError(`no answer from ${url}`, { cause: error })
  })
  const { status } = response
  if (status === 429 || status >= 500) throw new TransientError(`${url} answered ${status}`)
  if (!response.ok) throw new PermanentError(`${url} answered ${status}`, { details: { status } })
  const body = await response.arrayBuffer()
  return { bytes: body.byteLength }
})
// #endregion

await worker.runWithHealthCheck()
