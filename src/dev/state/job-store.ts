import type { EventListeners } from '../events.js'
import { hasEnded, type Job } from './job.js'

/** How many ended jobs are kept. The oldest are dropped first. */
const ENDED_KEPT = 100_000

/** The jobs by id, in the order of their creation. No request but the list walks over all of them. */
export class JobStore {
  readonly #jobs = new Map<string, Job>()
  readonly #endedIds = new Set<string>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #listeners: EventListeners
  #created: string[] = []

  constructor(listeners: EventListeners) {
    this.#listeners = listeners
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id)
  }

  /** Keeps the job as it is now, and calls those who watch it. */
  save(job: Job): Job {
    if (!this.#jobs.has(job.id)) this.#created.push(job.id)
    this.#jobs.set(job.id, job)
    if (hasEnded(job)) this.#retire(job.id)
    else this.#endedIds.delete(job.id)
    for (const look of this.#watchers.get(job.id) ?? []) look()
    this.#listeners.emit('job', job)
    return job
  }

  /** Returns the jobs, the newest first. */
  list(limit = Number.POSITIVE_INFINITY, offset = 0): Job[] {
    const found: Job[] = []
    let toSkip = offset
    for (let at = this.#created.length - 1; at >= 0 && found.length < limit; at--) {
      const job = this.#jobs.get(this.#created[at] as string)
      if (job && toSkip-- <= 0) found.push(job)
    }
    return found
  }

  /** Calls `look` each time the job is saved. Returns a function that ends this. */
  watch(id: string, look: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(look))
    return () => {
      if (watchers.delete(look) && watchers.size === 0) this.#watchers.delete(id)
    }
  }

  #retire(id: string): void {
    this.#endedIds.add(id)
    if (this.#endedIds.size <= ENDED_KEPT) return
    const [oldest] = this.#endedIds
    if (oldest === undefined) return
    this.#endedIds.delete(oldest)
    this.#jobs.delete(oldest)
    if (this.#created.length > 2 * this.#jobs.size) this.#created = [...this.#jobs.keys()]
  }
}
