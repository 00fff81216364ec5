import type { ProgressUpdate } from '../../protocol/messages.js'
import { after, type Timer } from '../../utils/time.js'

/** After an update of a task the next one of it waits this long, in ms. */
const REST_MS = 500
/** How many tasks' last updates are kept while nothing can be sent. */
const MOST_KEPT = 1_000

interface Lane {
  waiting: ProgressUpdate | undefined
  rest: Timer | undefined
}

/**
 * Progress on its way up: of each task the first update goes at once and of those that follow soon only the newest.
 * What cannot be sent is kept, the newest of each task.
 */
export class ProgressThrottle {
  /** By task; who reported last stands last. */
  readonly #lanes = new Map<string, Lane>()
  readonly #send: (update: ProgressUpdate) => boolean

  /** @param send - false when nothing can be sent at present */
  constructor(send: (update: ProgressUpdate) => boolean) {
    this.#send = send
  }

  report(update: ProgressUpdate): void {
    const { taskId } = update
    const lane = this.#lanes.get(taskId) ?? { waiting: undefined, rest: undefined }
    lane.waiting = update
    if (lane.rest) return
    this.#lanes.delete(taskId)
    this.#lanes.set(taskId, lane)
    this.#flush(taskId, lane)
    if (this.#lanes.size > MOST_KEPT) this.#dropOldest()
  }

  /** No more will come of this task: what waits goes now. */
  settle(taskId: string): void {
    const lane = this.#lanes.get(taskId)
    if (!lane) return
    lane.rest?.cancel()
    lane.rest = undefined
    if (!lane.waiting || this.#send(lane.waiting)) this.#lanes.delete(taskId)
  }

  /** Something can be sent again. */
  resume(): void {
    for (const [taskId, lane] of [...this.#lanes]) if (!lane.rest) this.#flush(taskId, lane)
  }

  close(): void {
    for (const { rest } of this.#lanes.values()) rest?.cancel()
    this.#lanes.clear()
  }

  #flush(taskId: string, lane: Lane): void {
    if (!lane.waiting) {
      this.#lanes.delete(taskId)
      return
    }
    if (!this.#send(lane.waiting)) return
    lane.waiting = undefined
    lane.rest = after(REST_MS, () => {
      lane.rest = undefined
      this.#flush(taskId, lane)
    })
  }

  #dropOldest(): void {
    const [oldest] = this.#lanes.keys()
    if (oldest === undefined) return
    this.#lanes.get(oldest)?.rest?.cancel()
    this.#lanes.delete(oldest)
  }
}
