import type { TakeoverHooks, TaskConnection } from '../connections/takeover-hooks.js'
import type { AuthError } from '../errors.js'
import type { HeldPoll, Identity, Journal } from '../journal/journal.js'
import type { OpenTask } from '../journal/journal-state.js'
import type { Settings } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import type { Wake } from '../utils/wake.js'
import { PollFence } from './poll-fence.js'
import { Recovery, type ResultReporter } from './recovery.js'
import { standbyIdFor } from './standby-id.js'

/** The settings that the takeover depends on. */
export type TakeoverSettings = Pick<Settings, 'pollFence' | 'pollTimeoutMs'>

type TakeoverJournal = Pick<Journal, 'heldPolls' | 'buried' | 'acknowledged'>

/** The connections to all orchestrators. */
export interface TakeoverConnections {
  /** One for each orchestrator. */
  readonly all: readonly TaskConnection[]
  /** Adds a second connection to the orchestrator of `main`, under another id. It is not opened yet. */
  addStandby(main: TaskConnection, workerId: string): TaskConnection
}

/**
 * A poll that brings a task sooner than this, in ms, may not have waited behind an older poll: orchestrators also give a
 * new poll a task from another worker's queue.
 */
const HELD_MS = 500

/**
 * A poll that ends empty by this time after `TASK_POLL_TIMEOUT`, in ms, was held for the regular time. Some orchestrators
 * hold each poll for a random time of about a minute; such a poll may end before an older one.
 */
const REGULAR_END_MS = 2_000

const heldMs = (held: readonly HeldPoll[], workerId: string): number =>
  held.find((poll) => poll.workerId === workerId)?.ms ?? 0

/**
 * Takes over from an earlier worker with the same id that was killed, or that ended without waiting for its polls. Its
 * journal shows its unfinished tasks, which {@link Recovery} reports, and whether an orchestrator may still hold one of its
 * long polls.
 *
 * Such a poll is a trap. The orchestrator does not notice that the process behind the poll is dead. It answers the oldest
 * poll of an id first, so the next task for this id goes to the dead process and is lost until the orchestrator's timeout.
 *
 * Until that poll must be over, a *fence* keeps tasks away from the id: the worker reports under its id that it takes no
 * tasks. But an orchestrator fails a job at once if no worker is idle. So the worker registers a second time meanwhile,
 * as a *standby*. The standby is a second connection with an id of its own, `<id>-standby`, which has no old poll. It
 * reports `idle`, polls, and runs its tasks in the same slots. The standby registers before the main connection does. It
 * leaves after the main connection has reported `idle`. So one of the two is idle at each moment.
 *
 * If the worker is killed again, both ids may have an old poll. Then both have a fence, and the worker takes tasks under the
 * id whose fence ends first. If it was told to end instead, the standby has another id the next time.
 */
export class Takeover implements TakeoverHooks {
  readonly #settings: TakeoverSettings
  readonly #journal: TakeoverJournal
  readonly #reporter: ResultReporter
  readonly #log: Logger
  readonly #wake: Wake
  readonly #fence = new PollFence<TaskConnection>((connection) => this.#fenceEnded(connection))
  /** The standby of each main connection that has one. */
  readonly #standbys = new Map<TaskConnection, TaskConnection>()
  /** Standbys that report that they take no tasks, and leave when their orchestrator knows. */
  readonly #leaving = new Set<TaskConnection>()
  /** The connections that have been registered. */
  readonly #registered = new Set<TaskConnection>()
  #mains: readonly TaskConnection[] = []
  #recovery: Recovery | undefined

  /** @param wake - triggered when tasks may come under an id again */
  constructor(
    settings: TakeoverSettings,
    journal: TakeoverJournal,
    reporter: ResultReporter,
    log: Logger,
    wake: Wake,
  ) {
    this.#settings = settings
    this.#journal = journal
    this.#reporter = reporter
    this.#log = log
    this.#wake = wake
  }

  /** Why the worker can take no tasks from an orchestrator in use; `undefined`: it can. */
  get trouble(): string | undefined {
    return this.#mains.some((main) => main.isUsed && this.#isHeldUp(main))
      ? 'an orchestrator may still hold a poll of an earlier worker with this id'
      : undefined
  }

  /**
   * Must be called before the connections are opened.
   *
   * @param left - the unsettled tasks of the earlier worker
   */
  begin(left: readonly OpenTask[], connections: TakeoverConnections): void {
    this.#mains = connections.all
    this.#recovery = new Recovery(this.#mains, this.#reporter, this.#journal, this.#log)
    if (this.#settings.pollFence) for (const main of this.#mains) this.#addStandbyIfNeeded(main, connections)
    this.#recovery.begin(left)
  }

  isHeldOff(connection: TaskConnection): boolean {
    return this.#fence.isUp(connection) || this.#leaving.has(connection)
  }

  beforeRegistering(connection: TaskConnection): Promise<void> | undefined {
    const standby = this.#standbys.get(connection)
    if (!standby || !this.#needsStandby(connection)) return undefined
    if (this.#leaving.delete(standby) && standby.isUsed) standby.fenceEnded()
    return standby.isUsed ? undefined : standby.open()
  }

  ready(connection: TaskConnection): void {
    this.#registered.add(connection)
    this.#handBackIfReady(this.#mainOf(connection))
  }

  left(connection: TaskConnection): void {
    void this.#leaveStandbyOf(connection)
  }

  /** A token or certificate may be valid for one id only. Then the worker goes without a standby. */
  givesUp(connection: TaskConnection, error: AuthError): boolean {
    const main = this.#mainOf(connection)
    if (main === connection) return false
    this.#standbys.delete(main)
    this.#log.info(
      { orchestrator: main.url, workerId: connection.workerId, err: error },
      'Standby refused: this token is not valid for a second worker id. The worker takes no tasks until the poll of the earlier worker has ended',
    )
    return true
  }

  /** An orchestrator answers the polls of an id in order: after a newer poll that was held, the old one is over. */
  pollEnded(poller: Identity, elapsedMs: number, outcome: 'task' | 'empty'): void {
    if (elapsedMs < HELD_MS || !this.#fence.isUp(poller)) return
    const isInOrder = outcome === 'task' || elapsedMs < this.#settings.pollTimeoutMs + REGULAR_END_MS
    if (isInOrder) this.#fence.lift(poller)
  }

  close(): void {
    this.#fence.close()
    this.#recovery?.close()
    this.#standbys.clear()
  }

  #addStandbyIfNeeded(main: TaskConnection, connections: TakeoverConnections): void {
    const held = this.#journal.heldPolls(main.url)
    const workerId = standbyIdFor(main.workerId, held)
    const mainMs = heldMs(held, main.workerId)
    const standbyMs = heldMs(held, workerId)
    if (mainMs === 0 && standbyMs === 0) return
    const standby = connections.addStandby(main, workerId)
    this.#standbys.set(main, standby)
    this.#raiseFence(main, mainMs)
    this.#raiseFence(standby, standbyMs)
  }

  #raiseFence(connection: TaskConnection, ms: number): void {
    if (ms === 0) return
    const { url: orchestrator, workerId } = connection
    this.#log.info(
      { orchestrator, workerId, ms },
      'Orchestrator may still hold a poll of an earlier worker: no tasks are taken under this id until the poll is over',
    )
    this.#fence.raise(connection, ms)
  }

  #fenceEnded(connection: TaskConnection): void {
    const main = this.#mainOf(connection)
    // A standby whose main connection takes tasks already leaves without having taken any.
    if (connection === main || this.#fence.isUp(main)) connection.fenceEnded()
    else this.#leaving.add(connection)
    this.#wake.trigger()
    this.#handBackIfReady(main)
    if (!this.#needsStandby(main)) void this.#continueAlone(main)
  }

  async #continueAlone(main: TaskConnection): Promise<void> {
    // The standby stays idle until the orchestrator knows that the main connection is idle.
    await main.untilKnown()
    await this.#leaveStandbyOf(main)
  }

  async #leaveStandbyOf(main: TaskConnection): Promise<void> {
    const standby = this.#standbys.get(main)
    if (!standby?.isUsed) return
    this.#leaving.add(standby)
    await standby.untilKnown()
    // The orchestrator of the main connection may be in use again, and its standby with it.
    if (this.#leaving.has(standby)) await standby.leave()
  }

  #handBackIfReady(main: TaskConnection): void {
    if (this.#registered.has(main) && !this.#isHeldUp(main)) this.#recovery?.handBack(main.url)
  }

  #needsStandby(main: TaskConnection): boolean {
    const standby = this.#standbys.get(main)
    return standby !== undefined && (this.#fence.isUp(main) || this.#fence.isUp(standby))
  }

  /** Whether the main connection has a fence, and no standby takes tasks in its place. */
  #isHeldUp(main: TaskConnection): boolean {
    if (!this.#fence.isUp(main)) return false
    const standby = this.#standbys.get(main)
    return standby === undefined || this.#fence.isUp(standby) || standby.trouble !== undefined
  }

  #mainOf(connection: TaskConnection): TaskConnection {
    for (const [main, standby] of this.#standbys) if (standby === connection) return main
    return connection
  }
}
