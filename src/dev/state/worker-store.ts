import { monotonicMs } from '../../utils/time.js'
import { canTake, type WireRecord, type WorkerRecord, workerFrom } from './worker.js'

interface Entry {
  readonly worker: WorkerRecord
  readonly expiresAtMs: number
}

/** The workers by id, each with a time to live that every sign of life renews. */
export class WorkerStore {
  readonly #entries = new Map<string, Entry>()
  readonly #ttlMs: number
  readonly #onSaved: (worker: WorkerRecord) => void

  constructor(ttlMs: number, onSaved: (worker: WorkerRecord) => void) {
    this.#ttlMs = ttlMs
    this.#onSaved = onSaved
  }

  /** The worker, unless its time to live is over. */
  get(workerId: string): WorkerRecord | undefined {
    const entry = this.#entries.get(workerId)
    if (!entry) return undefined
    if (entry.expiresAtMs > monotonicMs()) return entry.worker
    this.#entries.delete(workerId)
    return undefined
  }

  /** Replaces whatever was known of the worker. */
  register(workerId: string, record: WireRecord): WorkerRecord {
    return this.#save(workerId, { reputation: 1, ...record })
  }

  /** Merges into the record; `undefined` when the worker is not known. */
  update(workerId: string, change: WireRecord): WorkerRecord | undefined {
    const worker = this.get(workerId)
    return worker && this.#save(workerId, { ...worker.record, ...change })
  }

  /** Renews the time to live alone; `false` when the worker is not known. */
  touch(workerId: string): boolean {
    const worker = this.get(workerId)
    if (worker) this.#keep(worker)
    return worker !== undefined
  }

  live(): WorkerRecord[] {
    return this.#liveWhere(() => true)
  }

  /** The live workers that can take the task now. */
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

  #save(workerId: string, record: WireRecord): WorkerRecord {
    const worker = this.#keep(workerFrom(workerId, record))
    this.#onSaved(worker)
    return worker
  }

  #keep(worker: WorkerRecord): WorkerRecord {
    this.#entries.set(worker.workerId, { worker, expiresAtMs: monotonicMs() + this.#ttlMs })
    return worker
  }
}
