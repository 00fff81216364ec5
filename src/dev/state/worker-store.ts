import { DevClock } from '../clock.js'
import type { EventListeners } from '../events.js'
import type { Generation } from '../generation.js'
import { weightOf } from './weight.js'
import { canTake, type WireRecord, type WorkerRecord, workerFrom } from './worker.js'

/** The worker that was silent the longest is forgotten when there are more. */
const MAX_WORKERS = 10_000
/** What all records may take in memory, in bytes, and what one may take. */
const MAX_WEIGHT = 128 * 1024 * 1024
const MAX_RECORD_WEIGHT = 32 * 1024 * 1024

interface Entry {
  readonly worker: WorkerRecord
  readonly weight: number
  readonly expiresAtMs: number
}

/** The workers by id. Each is forgotten when it has sent nothing for its time to live. */
export class WorkerStore {
  readonly #entries = new Map<string, Entry>()
  readonly #ttlMs: number
  readonly #clock: DevClock
  readonly #listeners: EventListeners
  #weight = 0

  constructor(ttlMs: number, listeners: EventListeners, clock = new DevClock()) {
    this.#clock = clock
    this.#ttlMs = ttlMs
    this.#listeners = listeners
  }

  /** Returns the worker, unless its time to live is over. */
  get(workerId: string): WorkerRecord | undefined {
    const entry = this.#entries.get(workerId)
    if (!entry) return undefined
    if (entry.expiresAtMs > this.#clock.monotonicMs()) return entry.worker
    this.#drop(workerId)
    return undefined
  }

  /** Returns for how long the worker has sent nothing, in ms; `undefined` if it is not known. */
  silentMs(workerId: string): number | undefined {
    const entry = this.#entries.get(workerId)
    return entry && this.#clock.monotonicMs() - (entry.expiresAtMs - this.#ttlMs)
  }

  /** Replaces the record of the worker. */
  register(workerId: string, record: WireRecord, generation: Generation = 'classic'): WorkerRecord {
    return this.#save(workerFrom(workerId, generation, { reputation: 1, ...record }))
  }

  /** Merges a change into the record. Returns `undefined` if the worker is not known. A record that grows too large starts anew. */
  update(workerId: string, change: WireRecord): WorkerRecord | undefined {
    const worker = this.get(workerId)
    if (!worker) return undefined
    const next = changed(worker, change)
    const isTooLarge = weightOf(next.record) > MAX_RECORD_WEIGHT
    return this.#save(isTooLarge ? workerFrom(workerId, worker.generation, change) : next)
  }

  /** Changes the reputation of a worker, from 0 to 1, without extending its time to live. */
  rate(workerId: string, change: number): void {
    const entry = this.#entries.get(workerId)
    if (!entry) return
    const { reputation } = entry.worker.record
    const next = Math.min(Math.max((typeof reputation === 'number' ? reputation : 1) + change, 0), 1)
    this.#entries.set(workerId, { ...entry, worker: changed(entry.worker, { reputation: next }) })
  }

  /** Extends the time to live. Returns `false` if the worker is not known. */
  touch(workerId: string): boolean {
    const worker = this.get(workerId)
    if (worker) this.#keep(worker, this.#entries.get(workerId)?.weight)
    return worker !== undefined
  }

  live(): WorkerRecord[] {
    return this.#liveWhere(() => true)
  }

  /** Returns the live workers that can take the task now. */
  ableTo(taskName: string): WorkerRecord[] {
    return this.#liveWhere((worker) => canTake(worker, taskName))
  }

  clear(): void {
    this.#entries.clear()
    this.#weight = 0
  }

  #liveWhere(isWanted: (worker: WorkerRecord) => boolean): WorkerRecord[] {
    const found: WorkerRecord[] = []
    for (const id of this.#entries.keys()) {
      const worker = this.get(id)
      if (worker && isWanted(worker)) found.push(worker)
    }
    return found
  }

  #save(worker: WorkerRecord): WorkerRecord {
    this.#keep(worker)
    this.#listeners.emit('worker', worker)
    return worker
  }

  #keep(worker: WorkerRecord, weight = weightOf(worker.record)): void {
    const { workerId } = worker
    this.#weight += weight - (this.#entries.get(workerId)?.weight ?? 0)
    this.#entries.set(workerId, { worker, weight, expiresAtMs: this.#clock.monotonicMs() + this.#ttlMs })
    while (this.#entries.size > 1 && (this.#entries.size > MAX_WORKERS || this.#weight > MAX_WEIGHT))
      this.#drop(this.#mostSilent(workerId))
  }

  #drop(workerId: string): void {
    this.#weight -= this.#entries.get(workerId)?.weight ?? 0
    this.#entries.delete(workerId)
  }

  /** Returns the worker that expires first, other than the given one. */
  #mostSilent(except: string): string {
    let [found, firstMs] = [except, Number.POSITIVE_INFINITY]
    for (const [id, { expiresAtMs }] of this.#entries) {
      if (id === except || expiresAtMs >= firstMs) continue
      found = id
      firstMs = expiresAtMs
    }
    return found
  }
}

const changed = ({ workerId, generation, record }: WorkerRecord, change: WireRecord): WorkerRecord =>
  workerFrom(workerId, generation, { ...record, ...change })
