import { jsonText } from '../../utils/json.js'
import { after, type Timer, wallMs } from '../../utils/time.js'
import type { OrchestratorFaults } from '../faults/fault.js'
import type { Changes } from './changes.js'
import { faultViews } from './fault-view.js'
import type { Overview } from './overview.js'
import type { Rates } from './rates.js'

/** Where a page receives its events. */
export interface Outlet {
  readonly unsentBytes: number
  write(text: string): void
  end(): void
}

/** How long changes are collected, in ms. */
const TICK_MS = 200
/** Workers, queue and rates are sent at every fifth tick. */
const TICKS_PER_BEAT = 5
/** A snapshot is sent in parts, because a browser should not be busy for long. */
const ROWS_PER_PART = 250
/** A page that does not read is disconnected. It connects again and gets what it has missed. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024
/** Pages that may be connected at the same time. The oldest is disconnected. */
const MAX_OUTLETS = 50

/**
 * Sends the state to pages, as server-sent events:
 *
 * - `hello`: settings and rates. `isSnapshot` tells that everything known before is void.
 * - `jobs`: rows that are new or changed, and ids of jobs that are gone. Its id leads to what comes after it.
 * - `beat`: every second, with workers, queue, rates and faults.
 */
export class Feed {
  readonly #changes: Changes
  readonly #overview: Overview
  readonly #rates: Rates
  readonly #faults: OrchestratorFaults
  /** The outlets, each with the number of the last change that it was sent. */
  readonly #outlets = new Map<Outlet, number>()
  #tick: Timer | undefined
  #ticks = 0
  #isClosed = false

  constructor(changes: Changes, overview: Overview, rates: Rates, faults: OrchestratorFaults) {
    this.#changes = changes
    this.#overview = overview
    this.#rates = rates
    this.#faults = faults
  }

  /** @param lastId - the id of the last event that the page received, if any */
  add(outlet: Outlet, lastId: string | undefined): void {
    if (this.#isClosed) {
      outlet.end()
      return
    }
    const number = this.#changes.numberIn(lastId)
    const isSnapshot = number === undefined || this.#changes.since(number) === undefined
    outlet.write(this.#hello(isSnapshot))
    if (isSnapshot) this.#sendSnapshot(outlet)
    else this.#sendChanges(outlet, number)
    outlet.write(this.#beat(0))
    this.#outlets.set(outlet, this.#changes.last)
    const [oldest] = this.#outlets.keys()
    if (oldest && this.#outlets.size > MAX_OUTLETS) this.#drop(oldest)
    this.#tick ??= after(TICK_MS, this.#onTick)
  }

  remove(outlet: Outlet): void {
    this.#outlets.delete(outlet)
    if (this.#outlets.size > 0) return
    this.#tick?.cancel()
    this.#tick = undefined
  }

  /** Ends every stream. Later ones end at once. */
  close(): void {
    this.#isClosed = true
    for (const outlet of this.#outlets.keys()) this.#drop(outlet)
  }

  readonly #onTick = (): void => {
    this.#tick = after(TICK_MS, this.#onTick)
    const { last } = this.#changes
    const isBeat = ++this.#ticks % TICKS_PER_BEAT === 0
    const beat = isBeat ? this.#beat(Math.floor(wallMs() / 1000) - 2) : ''
    for (const [outlet, number] of this.#outlets) {
      if (outlet.unsentBytes > MAX_UNSENT_BYTES) this.#drop(outlet)
      else {
        this.#sendChanges(outlet, number)
        this.#outlets.set(outlet, last)
        if (isBeat) outlet.write(beat)
      }
    }
  }

  #drop(outlet: Outlet): void {
    this.remove(outlet)
    outlet.end()
  }

  #hello(isSnapshot: boolean): string {
    return eventText('hello', { isSnapshot, now: wallMs(), settings: this.#overview.settings() })
  }

  #sendSnapshot(outlet: Outlet): void {
    const rows = this.#overview.rows()
    for (let at = 0; at < rows.length; at += ROWS_PER_PART)
      outlet.write(eventText('jobs', { rows: rows.slice(at, at + ROWS_PER_PART) }))
    outlet.write(eventText('jobs', { rows: [], isComplete: true }, this.#changes.nameOf(this.#changes.last)))
  }

  #sendChanges(outlet: Outlet, number: number): void {
    const ids = this.#changes.since(number)
    if (!ids) {
      outlet.write(this.#hello(true))
      this.#sendSnapshot(outlet)
      return
    }
    if (ids.size === 0) return
    const rows: object[] = []
    const gone: string[] = []
    for (const id of ids) {
      const row = this.#overview.row(id)
      if (row) rows.push(row)
      else gone.push(id)
    }
    for (let at = ROWS_PER_PART; at < rows.length; at += ROWS_PER_PART)
      outlet.write(eventText('jobs', { rows: rows.slice(at, at + ROWS_PER_PART) }))
    const name = this.#changes.nameOf(this.#changes.last)
    outlet.write(eventText('jobs', { rows: rows.slice(0, ROWS_PER_PART), gone }, name))
  }

  #beat(fromSecond: number): string {
    const workers = this.#overview.workers()
    const queue = this.#overview.queue(workers)
    const rates = this.#rates.since(fromSecond)
    return eventText('beat', { now: wallMs(), workers, queue, rates, faults: faultViews(this.#faults) })
  }
}

/** One server-sent event. JSON has no line breaks. */
const eventText = (name: string, data: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${jsonText(data)}\n\n`
