/**
 * Cancellation, progress, events and commands.
 *
 *   WORKER_ENABLE_WEBSOCKETS=true npx avtomatika-worker run cancel.ts
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'avtomatika-worker'
import { z } from 'zod'

const worker = new Worker()

// #region cancel
const options = {
  params: z.object({ frames: z.number().int().positive().default(3) }),
  events: { preview_ready: z.object({ frame: z.number() }) },
}

worker.task('render', options, async ({ frames }, { signal, progress, emit }) => {
  for (let frame = 1; frame <= frames; frame++) {
    await pause(100, undefined, { signal }) // in place of the work; throws when the task is cancelled
    if (frame === 1) emit('preview_ready', { frame })
    progress(frame / frames, `frame ${frame} of ${frames}`)
  }
  return { frames }
})
// #endregion

// #region command
worker.onCommand('pause', (message, { orchestrator }) => {
  console.log('paused by', orchestrator, message)
  worker.pause()
})
// #endregion

await worker.runWithHealthCheck()
