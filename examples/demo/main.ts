/**
 * Resizes a folder of pictures: an orchestrator in this process, the image worker in a process of its own, a job for
 * each picture, and a table of what came of them.
 *
 *   npm run demo
 *   npm run demo -- --s3      the same from and to an object store: see s3.ts
 *   npm run demo -- --real    the same with the orchestrator of production: see real.ts
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { type Desk, embeddedDesk } from './desk.js'
import { type DemoOptions, readOptions } from './options.js'
import { Progress } from './progress.js'
import { type Finished, finishedOf } from './report.js'
import { tableOf } from './table.js'
import { startWorkerProcess, WORKER_ID, type WorkerProcess } from './worker-process.js'

const FORMATS = new Set(['.jpg', '.jpeg', '.png', '.webp'])

const picturesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => FORMATS.has(extname(file))).sort()

/** Submits a job for each picture, all at once: the worker's limits see to it that it does not get more than it can take. */
const resizeAll = async (
  desk: Desk,
  { pictures, output, fitInto }: DemoOptions,
  listen: (progress: Progress) => void = () => {},
): Promise<Finished[]> => {
  const files = await picturesIn(pictures)
  const progress = new Progress(process.stdout, files.length)
  listen(progress)
  await desk.waitForWorker('resize_image')
  const resizeOne = async (file: string): Promise<Finished> => {
    const startedMs = performance.now()
    const source = join(pictures, file)
    const params = { source, target: join(output, file), fitInto }
    const id = await desk.createJob('resize_image', params)
    const job = await desk.waitForJob(id)
    const finished = await finishedOf(file, source, job, performance.now() - startedMs)
    progress.ended(id, file, finished.status)
    return finished
  }
  const all = await Promise.all(files.map(resizeOne))
  progress.close()
  await desk.close()
  return all
}

const tell = (all: readonly Finished[], output: string): void => {
  console.log(`\n${tableOf(all)}\n`)
  for (const { file, message } of all) if (message) console.log(`${file}: ${message}`)
  const resized = all.filter(({ status }) => status === 'success').length
  console.log(`${resized} of ${all.length} pictures are resized, in ${relative(process.cwd(), output)}/`)
}

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options.onS3) {
    const { runOnS3 } = await import('./s3.js')
    return runOnS3(options.pictures)
  }
  await rm(options.output, { recursive: true, force: true })
  await mkdir(options.output, { recursive: true })
  await (options.isReal ? onRealOrchestrator(options) : onEmbeddedOrchestrator(options))
}

const onRealOrchestrator = async (options: DemoOptions): Promise<void> => {
  const { startReal, realDesk } = await import('./real.js')
  const orchestrator = await startReal()
  console.log(`orchestrator: ${orchestrator.url} (${orchestrator.name}, in processes of their own)`)
  try {
    const worker = startWorkerProcess(orchestrator.url, orchestrator.workerToken, orchestrator.secretKey)
    await atWork(worker, options, () => resizeAll(realDesk(orchestrator, WORKER_ID), options))
  } finally {
    await orchestrator.stop()
  }
}

const onEmbeddedOrchestrator = async (options: DemoOptions): Promise<void> => {
  const workerToken = randomUUID()
  // A worker that is told to stop waits for its open poll: half a second, here.
  await using orchestrator = await startOrchestrator({ workerToken, pollHoldMs: 500 })
  console.log(`orchestrator: ${orchestrator.url} (in memory, in this process)`)
  const listen = (progress: Progress) => {
    orchestrator.on('progress', ({ jobId, fraction, message }) => progress.partly(jobId, fraction, message))
  }
  const worker = startWorkerProcess(orchestrator.url, workerToken)
  await atWork(worker, options, () => resizeAll(embeddedDesk(orchestrator), options, listen))
}

const atWork = async (
  worker: WorkerProcess,
  { output }: DemoOptions,
  resize: () => Promise<readonly Finished[]>,
): Promise<void> => {
  console.log(`worker: examples/image-worker/worker.ts (process ${worker.pid})\n`)
  try {
    tell(await Promise.race([resize(), worker.failed]), output)
  } finally {
    await worker.stop()
  }
}

await main()
