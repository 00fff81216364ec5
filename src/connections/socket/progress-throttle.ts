import type { ProgressUpdate } from '../../protocol/messages.js'
import type { Protocol } from '../../protocol/protocol.js'
import type { Logger } from '../../utils/logger.js'
import { after, type Timer } from '../../utils/time.js'

/** Shortest time between two updates of one task, in ms. */
const INTERVAL_MS = 500
/** Most tasks whose newest unsent update is kept. */
const MAX_TASKS = 1_000
/** Kept updates go out in batches: the receiver has just come back and serves many workers. */
const BATCH_SIZE = 50
/** Pause between two batches, in ms. */
const BATCH_PAUSE_MS = 100

interface TaskProgress {
  unsent: ProgressUpdate | undefined
  /** Runs while this task may not send. */
  pause: Timer | undefined
}

/**
 * Limits the progress updates of each task to one in {@link INTERVAL_MS}. The first update goes at once. Of the later ones
 * only the newest goes, at the end of the interval. An update that cannot be sent is kept until a newer one replaces it.
 */
export class ProgressThrottle {
  /** By task id. The task that reported last is the last entry. */
  readonly #tasks = new Map<string, TaskProgress>()
  readonly #send: (update: ProgressUpdate) => boolean
  #isClosed = false

  /** @param send - returns false if it cannot send at present; must not throw */
  constructor(send: (update: ProgressUpdate) => boolean) {
    this.#send = send
  }

  report(update: ProgressUpdate): void {
    if (this.#isClosed) return
    const { taskId } = update
    const task = this.#tasks.get(taskId) ?? { unsent: undefined, pause: undefined }
    task.unsent = update
    if (task.pause) return
    this.#tasks.delete(taskId)
    this.#tasks.set(taskId, task)
    this.#flush(taskId, task)
    if (this.#tasks.size > MAX_TASKS) this.#dropOldest()
  }

  /** Sends the unsent update of a task at once: the task has ended. */
  settle(taskId: string): void {
    const task = this.#tasks.get(taskId)
    if (!task) return
    task.pause?.cancel()
    task.pause = undefined
    if (!task.unsent || this.#send(task.unsent)) this.#tasks.delete(taskId)
  }

  /** Sends the kept updates, the first batch at once. Call this when `send` works again. */
  resume(): void {
    let count = 0
    for (const [taskId, task] of [...this.#tasks]) {
      if (task.pause) continue
      const pauseMs = Math.floor(count++ / BATCH_SIZE) * BATCH_PAUSE_MS
      if (pauseMs > 0) this.#pause(taskId, task, pauseMs)
      else if (!this.#flush(taskId, task)) return
    }
  }

  /** Drops all unsent updates. Later reports are ignored. */
  close(): void {
    this.#isClosed = true
    for (const { pause } of this.#tasks.values()) pause?.cancel()
    this.#tasks.clear()
  }

  /** @returns false if the update cannot be sent */
  #flush(taskId: string, task: TaskProgress): boolean {
    if (!task.unsent) {
      this.#tasks.delete(taskId)
      return true
    }
    if (!this.#send(task.unsent)) return false
    task.unsent = undefined
    this.#pause(taskId, task, INTERVAL_MS)
    return true
  }

  #pause(taskId: string, task: TaskProgress, ms: number): void {
    task.pause = after(ms, () => {
      task.pause = undefined
      this.#flush(taskId, task)
    })
  }

  #dropOldest(): void {
    const [oldest] = this.#tasks
    if (!oldest) return
    const [taskId, { pause }] = oldest
    pause?.cancel()
    this.#tasks.delete(taskId)
  }
}

/**
 * Writes an update for an orchestrator. An update can carry values that its protocol cannot express. Timers send updates, so
 * such a value must not become an exception.
 *
 * @returns undefined for an update that cannot be written; the log tells why
 */
export const writeUpdate = (
  orchestrator: { readonly url: string; readonly protocol: Pick<Protocol, 'writeProgress'> },
  update: ProgressUpdate,
  log: Logger,
): string | undefined => {
  try {
    return orchestrator.protocol.writeProgress(update)
  } catch (error) {
    const { taskId } = update
    log.warn(
      { orchestrator: orchestrator.url, taskId, err: error },
      'Progress not sent: it cannot be written',
    )
    return undefined
  }
}
