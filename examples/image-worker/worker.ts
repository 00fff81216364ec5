/** A worker that resizes pictures. */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { InvalidInputError, PermanentError, Worker } from 'avtomatika-worker'
import { z } from 'zod'
import { type Resized, resize } from './resize.js'

const ResizeParams = z.object({
  source: z.string(),
  target: z.string(),
  fitInto: z.number().int().min(1).max(10_000).default(320),
})

const read = (path: string): Promise<Buffer> =>
  readFile(path).catch((error: Error) => {
    throw new InvalidInputError(`source cannot be read: ${error.message}`, { cause: error })
  })

const resizeOrGiveUp = (original: Buffer, fitInto: number): Promise<Resized> =>
  resize(original, fitInto).catch((error: Error) => {
    // The same bytes will not be a better picture next time.
    throw new PermanentError(`the picture cannot be read: ${error.message}`, { cause: error })
  })

const worker = new Worker({
  workerType: 'image-worker',
  // Resizing keeps a core busy: one task each, however many tasks of other kinds run.
  taskTypeLimits: { pixels: availableParallelism() },
})

worker.task(
  'resize_image',
  { taskType: 'pixels', params: ResizeParams },
  async ({ source, target, fitInto }, { progress, signal }) => {
    const original = await read(source)
    progress(0.2, 'read')
    const { picture, before, after } = await resizeOrGiveUp(original, fitInto)
    progress(0.9, 'resized')
    signal.throwIfAborted()
    await writeFile(target, picture)
    return { data: { target, before, after } }
  },
)

await worker.runWithHealthCheck()
