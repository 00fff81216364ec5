import type { Worker, WorkerEvents } from 'avtomatika-worker'

/** The next event of this kind that fits. */
export const nextEvent = <E extends keyof WorkerEvents>(
  worker: Worker,
  name: E,
  fits: (event: WorkerEvents[E]) => boolean = () => true,
): Promise<WorkerEvents[E]> =>
  new Promise((resolve) => {
    const stop = worker.on(name, (event) => {
      if (!fits(event)) return
      stop()
      resolve(event)
    })
  })
