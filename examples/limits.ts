import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'avtomatika-worker'

// #region limits
const worker = new Worker({
  maxConcurrentTasks: 10,
  taskTypeLimits: { video: 1, audio: 4 },
})

// These two tasks share the single slot for videos.
worker.task('upscale_video', { taskType: 'video' }, async (_params, { progress, signal }) => {
  for (let percent = 0; percent < 100; percent += 20) {
    progress(percent / 100, 'upscaling')
    await pause(20, undefined, { signal })
  }
})
worker.task('blur_faces', { taskType: 'video' }, (_params, { signal }) => pause(50, undefined, { signal }))

// Up to four of these tasks run at once.
worker.task('transcribe', { taskType: 'audio' }, (_params, { signal }) => pause(50, undefined, { signal }))

// Limited by maxConcurrentTasks alone.
worker.task('report', () => ({ pages: 3 }))
// #endregion

await worker.runWithHealthCheck()
