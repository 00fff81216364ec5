import type { EventListeners } from '../events.js'
import { hasEnded, type Job } from './job.js'
import { weightOf } from './weight.js'

/** How many ended jobs are kept. The oldest are dropped first. */
const ENDED_KEPT = 100_000
/** How many jobs may wait for their end. */
const MAX_OPEN = 100_000
/** What the ended jobs may take in memory, and as much again for the others, in bytes. */
const MAX_WEIGHT = 256 * 1024 * 1024

interface Entry {
  readonly job: Job
  readonly weight: number
}

/** The jobs by id, in the order of their creation. No request but the list walks over all of them. */
export class JobStore {
  readonly #entries = new Map<string, Entry>()
  readonly #endedIds = new Set<string>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #listeners: EventListeners
  #created: string[] = []
  #openWeight = 0
  #endedWeight = 0

  constructor(listeners: EventListeners) {
    this.#listeners = listeners
  }

  get(id: string): Job | undefined {
    return this.#entries.get(id)?.job
  }

  /** How many jobs are kept. */
  get size(): number {
    return this.#entries.size
  }

  /** Whether clients have to wait until jobs end. The program that embeds the orchestrator may create more. */
  get isFull(): boolean {
    return this.#entries.size - this.#endedIds.size >= MAX_OPEN || this.#openWeight > MAX_WEIGHT
  }

  /** Returns about how many bytes the job takes. */
  weightOf(id: string): number {
    return this.#entries.get(id)?.weight ?? 0
  }

  /** Keeps the job as it is now, and calls those who watch it. */
  save(job: Job): Job {
    this.#keep(job)
    if (this.#endedIds.has(job.id)) this.#dropOldest()
    for (const look of this.#watchers.get(job.id) ?? []) look()
    this.#listeners.emit('job', job)
    return job
  }

  /** Drops every job that has ended. Returns their ids. */
  dropEnded(): string[] {
    const ids = [...this.#endedIds]
    for (const id of ids) this.#entries.delete(id)
    this.#endedIds.clear()
    this.#endedWeight = 0
    this.#created = [...this.#entries.keys()]
    return ids
  }

  /** Returns the jobs, the newest first. */
  list(limit = Number.POSITIVE_INFINITY, offset = 0): Job[] {
    const found: Job[] = []
    let toSkip = offset
    for (let at = this.#created.length - 1; at >= 0 && found.length < limit; at--) {
      const job = this.get(this.#created[at] as string)
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

  /** An open job weighs what it weighed when it was created. Its end adds the data of its result. */
  #keep(job: Job): void {
    const before = this.#entries.get(job.id)
    const isEnded = hasEnded(job)
    if (before) this.#forgetWeight(job.id, before)
    else this.#created.push(job.id)
    const weight = before && !isEnded ? before.weight : weightOfContent(job)
    this.#entries.set(job.id, { job, weight })
    if (isEnded) {
      this.#endedWeight += weight
      this.#endedIds.add(job.id)
    } else {
      this.#openWeight += weight
      this.#endedIds.delete(job.id)
    }
  }

  #forgetWeight(id: string, { weight }: Entry): void {
    if (this.#endedIds.has(id)) this.#endedWeight -= weight
    else this.#openWeight -= weight
  }

  #dropOldest(): void {
    for (const id of this.#endedIds) {
      const isOver = this.#endedIds.size > ENDED_KEPT || this.#endedWeight > MAX_WEIGHT
      const entry = this.#entries.get(id)
      if (!isOver || this.#endedIds.size === 1 || !entry) break
      this.#forgetWeight(id, entry)
      this.#endedIds.delete(id)
      this.#entries.delete(id)
    }
    if (this.#created.length > 2 * this.#entries.size) this.#created = [...this.#entries.keys()]
  }
}

/** The rest of a job is always about as small, and the number of jobs has a limit of its own. */
const weightOfContent = ({ task, params, history, extras, errorMessage }: Job): number =>
  weightOf({ task, params, history, extras, errorMessage })
