// @ts-check
/**
 * One task that downloads a folder of small files, and one that uploads such a folder, on a worker of its own. Prints the
 * seconds of both transfers and the most requests at once.
 *
 *   node bench/lib/s3-files.mjs <folder with dist> <url of the store> <bucket> <number of files>
 */
import diagnostics from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [project = '', url = '', bucket = '', files = '5000'] = process.argv.slice(2)
/** @param {string} file */
const load = (file) => import(pathToFileURL(join(project, 'dist', file)).href)
const { Worker, WorkerConfig } = await load('index.js')
const { startOrchestrator } = await load('dev/index.js')

let open = 0
let most = 0
/** @param {unknown} message */
const isToStore = (message) =>
  /** @type {{ request: import('node:http').ClientRequest }} */ (message).request.getHeader('host') ===
  new URL(url).host
diagnostics.subscribe('http.client.request.start', (message) => {
  if (isToStore(message)) most = Math.max(most, ++open)
})
diagnostics.subscribe('http.client.response.finish', (message) => {
  if (isToStore(message)) open--
})

const folder = mkdtempSync(join(tmpdir(), 'bench-s3-files-'))
const orchestrator = await startOrchestrator({ waitForWorker: true, taskTimeoutMs: 600_000 })
const silent = { debug() {}, info() {}, warn() {}, error: console.error, child: () => silent }
const worker = new Worker({
  logger: silent,
  config: new WorkerConfig({
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_PORT: 0,
    WORKER_STATE_DIR: join(folder, 'state'),
    TASK_FILES_DIR: join(folder, 'payloads'),
    S3_ENDPOINT_URL: url,
    S3_ACCESS_KEY: 'test-access',
    S3_SECRET_KEY: 'test-secret',
    S3_DEFAULT_BUCKET: bucket,
  }),
})

/** When the handler of a task began or ended. */
let atMs = 0
worker.task('up', async (/** @type {unknown} */ _, /** @type {{ files: any }} */ { files: own }) => {
  const many = dirname(await own.pathTo('many/0'))
  for (let index = 0; index < Number(files); index++)
    await writeFile(join(many, `${index}`), `${index} `.repeat(500))
  atMs = performance.now()
  return { data: { many } }
})
worker.task('down', async () => {
  atMs = performance.now()
  return { data: {} }
})
await worker.start()

/** @param {string} task @param {object} params */
const run = async (task, params) => {
  const finished = new Promise((resolve) => {
    const off = worker.on('taskFinished', (/** @type {unknown} */ end) => {
      off()
      resolve(end)
    })
  })
  const startMs = performance.now()
  const { id } = await orchestrator.createJob({ task, params })
  const { status, error } = await finished
  const endMs = performance.now()
  if (status !== 'success') throw new Error(`${task}: ${error?.message}`)
  return { ...(await orchestrator.waitForJob(id)), beforeHandler: atMs - startMs, afterHandler: endMs - atMs }
}

const { history, afterHandler } = await run('up', {})
const { beforeHandler } = await run('down', { many: history['many'] })
await worker.stop({ pollGraceMs: 0 })
await orchestrator.close()
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify({ up: afterHandler / 1_000, down: beforeHandler / 1_000, most }))
