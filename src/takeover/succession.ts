import type { Connection, StandbyRole } from '../connections/connection.js'
import type { Connections } from '../connections/connections.js'
import type { ResultSink } from '../delivery/result-queue.js'
import type { Journal } from '../journal/journal.js'
import type { OpenTask } from '../journal/journal-state.js'
import type { Settings } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import type { Wake } from '../utils/wake.js'
import { PollFence } from './poll-fence.js'
import { Recovery, type ResultReporter } from './recovery.js'

export interface TakeoverOptions {
  readonly settings: Pick<Settings, 'pollFence' | 'pollTimeoutMs'>
  readonly journal: Journal
  readonly reporter: ResultReporter
  readonly log: Logger
  /** Triggered when an orchestrator may give tasks from now on. */
  readonly wake: Wake
}

/** A poll that brought its task faster than this may have got it without waiting in line: one that was for another id. */
const IN_LINE_MS = 500

/** A poll that ended by then was held for as long as it is to; longer ones end by chance. */
const IN_TIME_MS = 2_000

const LONGEST_ID = 128
const SUFFIX = '-standby'

/** The id that a worker goes by while its own is held off; every generation of the wire takes it if it takes the other. */
const standbyIdOf = (workerId: string): string => workerId.slice(0, LONGEST_ID - SUFFIX.length) + SUFFIX

/**
 * What a worker does about the worker before it: waits until its polls are over, takes tasks under another id meanwhile,
 * and answers for its tasks.
 *
 * A standby may have a predecessor, too. It is there as long as a poll may be held that is its predecessor's or its
 * main connection's, and takes tasks as long as that is the latter only.
 */
export class Takeover {
  readonly #options: TakeoverOptions
  readonly #fence = new PollFence((source) => this.#over(source))
  readonly #standbys = new Map<Connection, Connection>()
  /** The standbys that are about to leave: they go on until their orchestrator knows that they take nothing. */
  readonly #retired = new Set<ResultSink>()
  /** The connections that are or once were registered. */
  readonly #ready = new Set<ResultSink>()
  #mains: readonly Connection[] = []
  #recovery: Recovery | undefined

  constructor(options: TakeoverOptions) {
    this.#options = options
  }

  /** Why no task can be taken at present. */
  get trouble(): string | undefined {
    return this.#mains.some((main) => main.isUsed && this.#isHeldUp(main))
      ? 'a poll of an earlier worker of this id may still be held'
      : undefined
  }

  /** @param left - the tasks that are not settled */
  begin(left: readonly OpenTask[], connections: Pick<Connections, 'all' | 'standbyFor'>): void {
    const { reporter, journal, log } = this.#options
    this.#mains = connections.all
    this.#recovery = new Recovery({ reporter, journal, sinks: this.#mains, log })
    for (const main of this.#mains) this.#lookBack(main, connections)
    this.#recovery.begin(left)
  }

  /** Whether a task from there would go to a poll that nobody reads, or is not wanted any more. */
  isHeldOff(source: ResultSink): boolean {
    return this.#fence.isUp(source) || this.#retired.has(source)
  }

  /**
   * The orchestrator is about to be registered with. The standby goes first, as a job that finds nobody idle is refused.
   */
  beforeRegistering(source: ResultSink): Promise<void> | undefined {
    const standby = this.#standbys.get(source as Connection)
    if (!standby || !this.#isNeeded(standby, source)) return undefined
    this.#retired.delete(standby)
    return standby.isUsed ? undefined : standby.open()
  }

  /** The orchestrator knows this worker. */
  ready(source: ResultSink): void {
    this.#ready.add(source)
    this.#handBack(this.#mainOf(source))
  }

  /** Another orchestrator is used from now on. */
  left(main: Connection): void {
    void this.#retire(main)
  }

  /** A poll has brought a task, and had been open for that long: if it was in line, those that are older are over. */
  brought(source: ResultSink, elapsedMs: number): void {
    if (elapsedMs >= IN_LINE_MS) this.#fence.lift(source)
  }

  /** A poll has come back empty: an older one has, too, unless each is held for a time of its own. */
  cameBackEmpty(source: ResultSink, elapsedMs: number): void {
    if (elapsedMs < this.#options.settings.pollTimeoutMs + IN_TIME_MS) this.brought(source, elapsedMs)
  }

  close(): void {
    this.#fence.close()
    this.#recovery?.close()
    this.#standbys.clear()
  }

  #lookBack(main: Connection, connections: Pick<Connections, 'standbyFor'>): void {
    const workerId = standbyIdOf(main.workerId)
    const { journal, settings } = this.#options
    const mainMs = journal.heldForMs(main)
    const standbyMs = journal.heldForMs({ url: main.url, workerId })
    if (!settings.pollFence || (mainMs === 0 && standbyMs === 0)) return
    const standby = connections.standbyFor(main, this.#roleAt(main, workerId))
    this.#standbys.set(main, standby)
    this.#raiseFence(main, mainMs)
    this.#raiseFence(standby, standbyMs)
  }

  #raiseFence(source: ResultSink, ms: number): void {
    if (ms === 0) return
    this.#options.log.info(
      { orchestrator: source.url, workerId: source.workerId, ms },
      'an earlier worker may have a poll there: no tasks are taken under this id until it is over',
    )
    this.#fence.raise(source, ms)
  }

  /** Tokens may be good for one id only. */
  #roleAt(main: Connection, workerId: string): StandbyRole {
    return {
      workerId,
      unauthorized: (err) => {
        this.#standbys.delete(main)
        this.#options.log.info(
          { orchestrator: main.url, err },
          'this worker may have no second id there: it takes no tasks until the poll of its predecessor is over',
        )
      },
    }
  }

  #over(source: ResultSink): void {
    const main = this.#mainOf(source)
    this.#options.wake.trigger()
    this.#handBack(main)
    void this.#relieve(main)
  }

  /** The main connection goes on alone, once its orchestrator knows. */
  async #relieve(main: Connection): Promise<void> {
    const standby = this.#standbys.get(main)
    if (!standby || this.#isNeeded(standby, main)) return
    await main.heartbeats.untilKnown()
    await this.#retire(main)
  }

  async #retire(main: Connection): Promise<void> {
    const standby = this.#standbys.get(main)
    if (!standby?.isUsed) return
    this.#retired.add(standby)
    await standby.heartbeats.untilKnown()
    if (this.#retired.has(standby)) await standby.leave()
  }

  #handBack(main: Connection): void {
    if (this.#ready.has(main) && !this.#isHeldUp(main)) this.#recovery?.handBack(main.url)
  }

  #isNeeded(standby: ResultSink, main: ResultSink): boolean {
    return this.#fence.isUp(main) || this.#fence.isUp(standby)
  }

  /** Whether a connection is held off, and its standby does not take its place. */
  #isHeldUp(main: Connection): boolean {
    if (!this.#fence.isUp(main)) return false
    const standby = this.#standbys.get(main)
    return standby === undefined || this.#fence.isUp(standby) || standby.trouble !== undefined
  }

  #mainOf(source: ResultSink): Connection {
    for (const [main, standby] of this.#standbys) if (standby === source) return main
    return source as Connection
  }
}
