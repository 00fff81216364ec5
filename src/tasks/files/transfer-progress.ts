import type { Logger } from '../../utils/logger.js'
import { monotonicMs } from '../../utils/time.js'

/** The shortest time before the first update and between two updates, in ms. Short transfers report nothing. */
const INTERVAL_MS = 500

/** Tells the orchestrator what the transfers of a task have done. */
export interface TransferObserver {
  readonly taskName: string
  /** Each line carries the ids of the task. */
  readonly log: Logger
  /** @param message - such as "downloading 3 of 8, 40 %" */
  transferring(message: string): void
}

/** The transfers of several objects, as one activity. Reports by the clock whenever something moves, without a timer. */
export class TransferProgress {
  readonly #verb: string
  readonly #observer: TransferObserver | undefined
  #nextMs = monotonicMs() + INTERVAL_MS
  #objects = 0
  #done = 0
  #sized = 0
  #bytes = 0
  #moved = 0
  #percent = 0

  /** @param observer - `undefined` reports nothing */
  constructor(verb: 'downloading' | 'uploading', observer: TransferObserver | undefined) {
    this.#verb = verb
    this.#observer = observer
  }

  /** Whether all objects that were expected have arrived. */
  get isOver(): boolean {
    return this.#objects > 0 && this.#done >= this.#objects
  }

  /** More objects will be transferred. */
  expect(count = 1): void {
    this.#objects += count
  }

  /** The size of one more object is known. */
  size(bytes: number): void {
    this.#sized++
    this.#bytes += bytes
  }

  /** The size of an object is another one than it was. */
  resize(bytes: number): void {
    this.#bytes += bytes
  }

  /** @param bytes - below 0 if a transfer begins anew */
  move(bytes: number): void {
    this.#moved += bytes
    this.#report()
  }

  /** One object has failed. @param size - `undefined` if its size is unknown */
  failed(size: number | undefined, moved: number): void {
    this.#objects--
    this.#moved -= moved
    if (size === undefined) return
    this.#sized--
    this.#bytes -= size
  }

  /** One more object has arrived. */
  done(): void {
    this.#done++
    this.#report()
  }

  #report(): void {
    if (!this.#observer) return
    const nowMs = monotonicMs()
    if (nowMs < this.#nextMs || this.isOver) return
    this.#nextMs = nowMs + INTERVAL_MS
    this.#percent = Math.max(this.#percent, this.#share())
    const percent = Math.min(100, Math.floor(this.#percent * 100))
    this.#observer.transferring(`${this.#verb} ${this.#done + 1} of ${this.#objects}, ${percent} %`)
  }

  /** By bytes. Objects whose size is unknown count like the average of the others. */
  #share(): number {
    if (this.#bytes === 0) return this.#done / this.#objects
    return (this.#moved / this.#bytes) * (this.#sized / this.#objects)
  }
}
