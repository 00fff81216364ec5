// @ts-check
/**
 * A worker that counts its own function calls: `node worker.mjs <dist> <url of an orchestrator>`.
 * It sends `{ delivered: true }` after each result, and answers each message with the calls since the last answer.
 */
import { Session } from 'node:inspector/promises'
import { pathToFileURL } from 'node:url'

/**
 * One function that was called. An async function that continues after an `await` counts as another call.
 * @typedef {{ path: string, calls: number }} Called
 */

const [dist = '', url = ''] = process.argv.slice(2)
const base = `${pathToFileURL(dist).href}/`
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })

/** @returns {Promise<Called[]>} and sets all counts to zero */
const take = async () => {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ url: script }) => script.startsWith(base) && !script.startsWith(`${base}dev/`))
    .flatMap(({ url: script, functions }) =>
      functions.map(({ ranges }) => ({ path: script.slice(base.length), calls: ranges[0]?.count ?? 0 })),
    )
    .filter(({ calls }) => calls > 0)
}

/** @type {typeof import('avtomatika-worker')} */
const { Worker, WorkerConfig } = await import(`${base}index.js`)
// No regular heartbeat falls into the measurement. The one that a task causes does.
const config = new WorkerConfig({ ORCHESTRATOR_URL: url, HEARTBEAT_INTERVAL: 3_600, LOG_LEVEL: 'error' })
const worker = new Worker({ config })
worker.task('double', ({ number }) => ({ doubled: number * 2 }))
worker.on('resultDelivered', () => process.send?.({ delivered: true }))
process.on('message', () => void take().then((called) => process.send?.({ called })))
process.once('disconnect', () => process.exit())
await worker.start()
