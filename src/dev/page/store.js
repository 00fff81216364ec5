// @ts-check
/**
 * What the page knows: jobs, workers, queue and rates, as the orchestrator has sent them.
 *
 * @typedef {import('./types.js').JobRow} JobRow
 * @typedef {import('./types.js').Beat} Beat
 * @typedef {import('./types.js').RatePoint} RatePoint
 */

/** How many seconds of rates are kept. */
const KEPT_SECONDS = 900

/** The filters, and the statuses that each shows. An empty list shows all. */
export const FILTERS = [
  { name: 'all', label: 'All', statuses: [] },
  { name: 'waiting', label: 'Waiting', statuses: ['waiting', 'queued'] },
  { name: 'running', label: 'Running', statuses: ['running'] },
  { name: 'done', label: 'Done', statuses: ['done', 'review'] },
  { name: 'failed', label: 'Failed', statuses: ['failed', 'quarantined'] },
  { name: 'cancelled', label: 'Cancelled', statuses: ['cancelled'] },
]

/** @type {ReadonlyMap<string, string>} */
const FILTER_OF_STATUS = new Map(
  FILTERS.flatMap(({ name, statuses }) => statuses.map((status) => [status, name])),
)

/** @param {JobRow} row */
const wordsOf = ({ id, task, worker, status, error, note }) =>
  [id, task, worker, status, error, note].filter(Boolean).join('\n').toLowerCase()

export class Store {
  /** @type {Map<string, JobRow>} in the order of their creation */
  #rows = new Map()
  /** @type {Map<string, string>} */
  #words = new Map()
  /** @type {Map<number, RatePoint>} */
  #rates = new Map()
  /** @type {Beat} */
  beat = { now: Date.now(), workers: [], queue: [], rates: [], faults: [] }
  /** @type {{ workerTtlMs?: number, waitForWorker?: boolean, generation?: string, maxRows?: number }} */
  settings = {}
  isComplete = false
  /** Counts the changes of rows. */
  version = 0
  /** Whether the present rows were replaced by a snapshot that has not arrived completely. */
  #isSnapshot = false
  /** @type {Set<() => void>} */
  #listeners = new Set()
  #isDue = false

  /** @param {() => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** @param {{ isSnapshot: boolean, now: number, settings: Store['settings'] }} hello */
  hello({ isSnapshot, settings }) {
    this.settings = settings
    if (isSnapshot) {
      this.#rows.clear()
      this.#words.clear()
      this.#rates.clear()
      this.isComplete = false
    }
    this.#isSnapshot = isSnapshot
    this.version++
    this.#notify()
  }

  /** @param {{ rows: JobRow[], gone?: string[], isComplete?: boolean }} part */
  jobs({ rows, gone = [], isComplete = false }) {
    if (this.#isSnapshot) this.#prepend(rows)
    else for (const row of rows) this.#set(row)
    for (const id of gone) {
      this.#rows.delete(id)
      this.#words.delete(id)
    }
    if (isComplete) {
      this.#isSnapshot = false
      this.isComplete = true
    }
    this.#prune()
    this.version++
    this.#notify()
  }

  /** @param {Beat} beat */
  take(beat) {
    this.beat = beat
    for (const point of beat.rates) this.#rates.set(point[0], point)
    const oldest = beat.now / 1_000 - KEPT_SECONDS
    for (const at of this.#rates.keys()) if (at < oldest) this.#rates.delete(at)
    this.#notify()
  }

  get size() {
    return this.#rows.size
  }

  /** @param {string} id */
  row(id) {
    return this.#rows.get(id)
  }

  /**
   * Returns the rows that a filter and a search leave, the newest first, and how many rows each filter has.
   * @param {string} filter
   * @param {string} search
   */
  select(filter, search) {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    /** @type {JobRow[]} */
    const rows = []
    /** @type {Record<string, number>} */
    const counts = { all: 0 }
    for (const [id, row] of this.#rows) {
      const text = words.length > 0 ? (this.#words.get(id) ?? '') : ''
      if (!words.every((word) => text.includes(word))) continue
      const name = FILTER_OF_STATUS.get(row.status) ?? 'failed'
      counts.all = (counts.all ?? 0) + 1
      counts[name] = (counts[name] ?? 0) + 1
      if (filter === 'all' || filter === name) rows.push(row)
    }
    return { rows: rows.reverse(), counts }
  }

  /**
   * Returns the last `seconds` seconds that are over, one point for each.
   * @param {number} seconds
   * @returns {RatePoint[]}
   */
  rates(seconds) {
    const end = Math.floor(this.beat.now / 1_000)
    return Array.from({ length: seconds }, (_, index) => {
      const at = end - seconds + index
      return this.#rates.get(at) ?? [at, 0, 0, 0, null, null]
    })
  }

  /** @param {JobRow} row */
  #set(row) {
    this.#rows.set(row.id, row)
    this.#words.set(row.id, wordsOf(row))
  }

  /**
   * A snapshot begins with the newest rows, and a Map ends with them.
   * @param {JobRow[]} rows
   */
  #prepend(rows) {
    if (rows.length === 0) return
    const newer = this.#rows
    this.#rows = new Map()
    for (const row of rows.toReversed()) this.#set(row)
    for (const [id, row] of newer) this.#rows.set(id, row)
  }

  #prune() {
    const most = this.settings.maxRows ?? Number.POSITIVE_INFINITY
    for (const id of this.#rows.keys()) {
      if (this.#rows.size <= most) return
      this.#rows.delete(id)
      this.#words.delete(id)
    }
  }

  /** Listeners are called once before the next frame. */
  #notify() {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      for (const listener of this.#listeners) listener()
    })
  }
}
