import type { Worker } from 'avtomatika-worker'

const STARTS = ['start', 'run', 'runWithHealthCheck'] as const

/** A worker without a task does not start. Returns a worker that registers one at its start if the test has none. */
export const withAnyTask = (worker: Worker): Worker => {
  let hasTask = false
  const task = worker.task.bind(worker)
  worker.task = ((...given: Parameters<typeof task>) => {
    hasTask = true
    return task(...given)
  }) as Worker['task']
  for (const name of STARTS) {
    const start = worker[name].bind(worker)
    worker[name] = async () => {
      if (!hasTask) worker.task('any', () => {})
      await start()
    }
  }
  return worker
}
