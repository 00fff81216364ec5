import { AsyncResource } from 'node:async_hooks'

const UNNOTICED = { requireManualDestroy: true } as const

/** Up to Node 22, `enterWith` changes the resource that it is called in: every call of foreign code needs its own. */
const runAlone = <T>(work: () => T): T => new AsyncResource('AvtomatikaCall', UNNOTICED).runInAsyncScope(work)

/**
 * The async context in which the application started its worker, as an AsyncLocalStorage sees it. Handlers and listeners
 * start in this context. Without it, they would start in the context of whatever called them: often another task.
 */
export class StartContext {
  #started: AsyncResource | undefined

  /** Keeps the present context. The first call wins. */
  capture(): void {
    this.#started ??= new AsyncResource('AvtomatikaWorker', UNNOTICED)
  }

  /** Runs `work` in the captured context; in the present one before {@link capture}. `work` cannot change it for others. */
  run<T>(work: () => T): T {
    return this.#started ? this.#started.runInAsyncScope(runAlone<T>, undefined, work) : work()
  }
}
