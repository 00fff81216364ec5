/**
 * Resizes a folder of pictures: an orchestrator in this process, the image worker in a process of its own, a job for
 * each picture, and a table of what came of them.
 *
 *   npm run demo
 *   npm run demo -- --s3    the same from and to an object store: see s3.ts
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { type DevOrchestrator, startOrchestrator } from 'avtomatika-worker/dev'
import { type DemoOptions, readOptions } from './options.js'
import { Progress } from './progress.js'
import { type Finished, finishedOf } from './report.js'
import { tableOf } from './table.js'
import { startWorkerProcess } from './worker-process.js'

const FORMATS = new Set(['.jpg', '.jpeg', '.png', '.webp'])

const picturesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => FORMATS.has(extname(file))).sort()

/** Submits a job for each picture, all at once: the worker's limits see to it that it does not get more than it can take. */
const resizeAll = async (
  orchestrator: DevOrchestrator,
  { pictures, output, fitInto }: DemoOptions,
): Promise<Finished[]> => {
  const files = await picturesIn(pictures)
  const progress = new Progress(process.stdout, files.length)
  orchestrator.on('progress', ({ jobId, fraction, message }) => progress.partly(jobId, fraction, message))
  await orchestrator.waitForWorker('resize_image')
  const resizeOne = async (file: string): Promise<Finished> => {
    const startedMs = performance.now()
    const source = join(pictures, file)
    const params = { source, target: join(output, file), fitInto }
    const { id } = await orchestrator.createJob({ task: 'resize_image', params })
    const job = await orchestrator.waitForJob(id)
    const finished = await finishedOf(file, source, job, performance.now() - startedMs)
    progress.ended(id, file, finished.status)
    return finished
  }
  const all = await Promise.all(files.map(resizeOne))
  progress.close()
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
  const workerToken = randomUUID()
  // A worker that is told to stop waits for its open poll: half a second, here.
  await using orchestrator = await startOrchestrator({ workerToken, pollHoldMs: 500 })
  console.log(`orchestrator: ${orchestrator.url} (in memory, in this process)`)
  const worker = startWorkerProcess(orchestrator.url, workerToken)
  console.log(`worker: examples/image-worker/worker.ts (process ${worker.pid})\n`)
  try {
    tell(await Promise.race([resizeAll(orchestrator, options), worker.failed]), options.output)
  } finally {
    await worker.stop()
  }
}

await main()
