import { randomUUID } from 'node:crypto'
import type { ChangeSink } from './activity.js'

/** How many changes are kept. A page that missed more gets everything anew. */
const KEPT = 50_000

/** Numbers the changes of jobs. A page that names the last number that it saw receives what it has missed. */
export class Changes implements ChangeSink {
  /** Tells the numbers of this process from those of an earlier one. */
  readonly epoch = randomUUID().slice(0, 8)
  /** The ids of the jobs in the order of their changes. The number of the first one is `#base + 1`. */
  #ids: string[] = []
  #base = 0

  /** The number of the last change. */
  get last(): number {
    return this.#base + this.#ids.length
  }

  jobChanged(id: string): void {
    this.#ids.push(id)
    if (this.#ids.length < 2 * KEPT) return
    this.#base += this.#ids.length - KEPT
    this.#ids = this.#ids.slice(-KEPT)
  }

  /** Returns the ids of the jobs that changed after the numbered change; `undefined` if they are no longer known. */
  since(number: number): Set<string> | undefined {
    if (number < this.#base || number > this.last) return undefined
    return new Set(this.#ids.slice(number - this.#base))
  }

  /** Returns the name of a change, for the id of an event. */
  nameOf(number: number): string {
    return `${this.epoch}.${number}`
  }

  /** Returns the number in the name of a change; `undefined` if another process gave the name. */
  numberIn(name: string | undefined): number | undefined {
    const [epoch, number = ''] = name?.split('.') ?? []
    return epoch === this.epoch && /^\d{1,15}$/.test(number) ? Number(number) : undefined
  }
}
