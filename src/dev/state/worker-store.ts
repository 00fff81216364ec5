import { monotonicMs } from '../../utils/time.js'
import type { EventListeners } from '../events.js'
import type { Generation } from '../generation.js'
import { canTake, type WireRecord, type WorkerRecord, workerFrom } from './worker.js'

interface Entry {
  readonly worker: WorkerRecord
  readonly expiresAtMs: number
}

/** The workers by id. Each is forgotten when it has sent nothing for its time to live. */
export class WorkerStore {
  readonly #entries = new Map<string, Entry>()
  readonly #ttlMs: number
  readonly #listeners: EventListeners

  constructor(ttlMs: number, listeners: EventListeners) {
    this.#ttlMs = ttlMs
    this.#listeners = listeners
  }

  /** Returns the worker, unless its time to live is over. */
  get(workerId: string): WorkerRecord | undefined {
    const entry = this.#entries.get(workerId)
    if (!entry) return undefined
    if (entry.expiresAtMs > monotonicMs()) return entry.worker
    this.#entries.delete(workerId)
    return undefined
  }

  /** Replaces the record of the worker. */
  register(workerId: string, record: WireRecord, generation: Generation = 'classic'): WorkerRecord {
    return this.#save(workerFrom(workerId, generation, { reputation: 1, ...record }))
  }

  /** Merges a change into the record. Returns `undefined` if the worker is not known. */
  update(workerId: string, change: WireRecord): WorkerRecord | undefined {
    const worker = this.get(workerId)
    return worker && this.#save(changed(worker, change))
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
    if (worker) this.#keep(worker)
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

  #keep(worker: WorkerRecord): void {
    this.#entries.set(worker.workerId, { worker, expiresAtMs: monotonicMs() + this.#ttlMs })
  }
}

const changed = ({ workerId, generation, record }: WorkerRecord, change: WireRecord): WorkerRecord =>
  workerFrom(workerId, generation, { ...record, ...change })
