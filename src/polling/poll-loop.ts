import type { TaskSource } from '../execution/task-in-hand.js'
import type { Poller } from '../journal/journal.js'
import type { PollEnd } from '../journal/poll-mark.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import { PollCut } from '../orchestrators/poll-cut.js'
import type { TaskOffer } from '../protocol/messages.js'
import { CancelGroup } from '../transport/cancel-group.js'
import { Bag, type Bagged } from '../utils/bag.js'
import { Condition } from '../utils/condition.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { type Moves, States } from '../utils/states.js'
import { monotonicMs } from '../utils/time.js'
import { CutWatch } from './cut-watch.js'
import { endOf } from './poll-end.js'
import { afterEmpty, afterTask, ONE_POLL, type PollPace } from './poll-pace.js'
import { PollTrouble } from './poll-trouble.js'
import { HELD_MS, type PollSeat } from './poll-turn.js'
import type { Polling } from './polling.js'

interface OpenPoll extends Bagged {
  readonly openedMs: number
  /** Whether it was open while the orchestrator did not respond, so that its response may never come. */
  isFromOutage: boolean
}

const MOVES: Moves<'stopped' | 'polling' | 'windingDown' | 'draining'> = {
  stopped: ['polling', 'draining'],
  polling: ['windingDown', 'draining'],
  windingDown: ['polling', 'stopped', 'draining'],
  draining: [],
}

/**
 * Long polls to one orchestrator: as many as the free slots and the flow of tasks call for, never in a busy loop.
 *
 * - `stopped`: no poll is opened.
 * - `polling`: polls are opened.
 * - `windingDown`: one poll at a time, until one comes back empty. So no task is left that was queued for this worker.
 * - `draining`: no poll is opened, open polls end by themselves.
 *
 * A task that an open poll brings is passed on in every state.
 */
export class PollLoop implements PollSeat {
  readonly weight: number
  readonly rank: number
  readonly #orchestrator: Pick<Orchestrator, keyof Poller | 'poll' | 'limits'>
  readonly #source: TaskSource
  readonly #shared: Polling
  readonly #state = new States('The poll loop', 'stopped', MOVES)
  readonly #allEnded = new Condition()
  readonly #cancelGroup = new CancelGroup()
  readonly #open = new Bag<OpenPoll>()
  #fromOutage = 0
  readonly #pause = new ResettableTimer()
  #ended = 0
  #pace: PollPace = ONE_POLL
  /** Whether the last poll that was answered brought nothing. */
  #wasDry = false
  readonly #trouble: PollTrouble
  readonly #cuts: CutWatch

  constructor(
    source: TaskSource,
    orchestrator: Pick<Orchestrator, keyof Poller | 'poll' | 'limits'>,
    weight: number,
    shared: Polling,
    rank = 0,
  ) {
    this.#source = source
    this.#orchestrator = orchestrator
    this.weight = weight
    this.rank = rank
    this.#trouble = new PollTrouble(orchestrator, shared.log)
    this.#cuts = new CutWatch(orchestrator.url, shared.log)
    this.#shared = shared
    shared.turn.join(this)
  }

  /** Why polls fail at present; `undefined` while they are answered. */
  get failure(): Error | undefined {
    return this.#trouble.error
  }

  get open(): number {
    return this.#open.size
  }

  get isEmpty(): boolean {
    return this.#open.size === this.#fromOutage
  }

  get wants(): boolean {
    if (this.#pause.isSet) return false
    if (this.#state.now === 'polling') return this.#open.size - this.#fromOutage < this.#pace.goal
    return this.#state.now === 'windingDown' && this.#open.size === 0
  }

  /** How many polls have ended so far, with an answer or without. */
  get ended(): number {
    return this.#ended
  }

  /** Whether a poll is open, or could be. */
  get awaits(): boolean {
    const isPolling = this.#state.now === 'polling' && !this.#pause.isSet
    if (!isPolling || this.#open.size > 0) return isPolling
    return this.#shared.hasRoom() && !this.#shared.turn.isHeldBack(this)
  }

  get hasNothing(): boolean {
    if (this.#state.now !== 'polling' || this.#wasDry || this.#trouble.failures > 0) return true
    return this.openedBy(monotonicMs() - HELD_MS) > 0
  }

  openedBy(ms: number): number {
    let count = 0
    for (const { openedMs } of this.#open) if (openedMs <= ms) count++
    return count
  }

  start(): void {
    if (this.#state.now === 'polling') {
      this.#retry()
      return
    }
    this.#state.move('polling')
    this.#trouble.forget()
    this.#wasDry = false
    this.#shared.turn.grant()
  }

  /**
   * The orchestrator answers again. If requests timed out, polls that were open meanwhile may wait on a dead connection until
   * their deadline, so new ones are opened beside them. They are not cancelled, because they may bring a task after all.
   *
   * @param wasSilent - otherwise requests failed at once, and no poll is left of that time
   */
  outageEnded(wasSilent: boolean): void {
    this.#retry()
    if (!wasSilent) return
    for (const poll of this.#open) poll.isFromOutage = true
    this.#fromOutage = this.#open.size
    this.#shared.turn.grant()
  }

  /** Opens one poll at a time, and none once a poll has come back empty or failed. */
  windDown(): void {
    if (this.#state.now !== 'polling') return
    this.#state.move('windingDown')
    if (this.#trouble.failures > 0) this.#stop()
    else this.#shared.turn.grant()
  }

  /** Opens no more polls. Resolves when the open polls have ended. */
  async drain(): Promise<void> {
    this.#state.move('draining')
    this.#pause.cancel()
    await this.#allEnded.until(() => this.#open.size === 0)
  }

  /** Cancels the open polls of a worker that drains. The orchestrator has to know that it takes no tasks. */
  abandon(): void {
    if (this.#open.size === 0) return
    this.#shared.journal.pollsAbandoned(this.#orchestrator)
    this.abort()
  }

  /** Cancels the open polls. A task that is on its way in a cancelled poll is lost to this worker. */
  abort(): void {
    this.#cancelGroup.cancelAll()
  }

  openOne(): void {
    void this.#poll()
  }

  async #poll(): Promise<void> {
    const poll: OpenPoll = { openedMs: monotonicMs(), isFromOutage: false, place: -1 }
    this.#open.add(poll)
    const written = this.#shared.journal.pollOpened(this.#orchestrator)
    if (written) await written
    let offer: TaskOffer | null
    try {
      offer = this.#isOver ? null : await this.#orchestrator.poll(this.#cancelGroup)
    } catch (error) {
      this.#close(poll, endOf(error))
      this.#shared.unreserve()
      if (error instanceof PollCut) this.#wasCut(error)
      // The outage is over: the failure says nothing about the polls of today.
      else if (!poll.isFromOutage) this.#failed(error as Error)
      this.#pollEnded()
      return
    }
    this.#close(poll, 'answered')
    try {
      this.#answered(offer, monotonicMs() - poll.openedMs)
    } catch (err) {
      const fields = { orchestrator: this.#orchestrator.url, err }
      this.#shared.log.error(fields, 'Internal error in a poll loop: please report it')
    }
    this.#pollEnded()
  }

  #close(poll: OpenPoll, end: PollEnd): void {
    this.#open.delete(poll)
    if (poll.isFromOutage) this.#fromOutage--
    this.#shared.journal.pollEnded(this.#orchestrator, end)
  }

  #pollEnded(): void {
    this.#ended++
    this.#allEnded.notify()
    this.#shared.turn.grant()
  }

  /** Whether the loop was drained while the journal wrote that a poll is about to be opened. */
  get #isOver(): boolean {
    return this.#state.now === 'draining' || this.#state.now === 'stopped'
  }

  #answered(offer: TaskOffer | null, elapsedMs: number): void {
    this.#trouble.recover()
    this.#cuts.reset()
    const { slots, takeover, offers } = this.#shared
    takeover.pollEnded(this.#orchestrator, elapsedMs, offer ? 'task' : 'empty')
    this.#wasDry = offer === null
    if (offer) {
      this.#pace = afterTask(this.#pace, elapsedMs, slots.limits.global)
      offers.take(offer, this.#source)
      return
    }
    this.#shared.unreserve()
    this.#wasEmpty(elapsedMs)
  }

  #wasEmpty(elapsedMs: number): void {
    const { pauseMs, ...pace } = afterEmpty(this.#pace, elapsedMs, this.#shared.settings.idlePollDelayMs)
    this.#pace = pace
    if (this.#state.now === 'windingDown') this.#stop()
    else this.#rest(pauseMs)
  }

  /** The poll is over, but the orchestrator may still hold it: that says nothing about the polls of a predecessor. */
  #wasCut(cut: PollCut): void {
    this.#trouble.recover()
    this.#wasEmpty(cut.heldMs)
    this.#cuts.note(cut)
  }

  #failed(error: Error): void {
    this.#cuts.reset()
    if (this.#state.now === 'windingDown') this.#stop()
    if (this.#state.now !== 'polling') return
    this.#pace = ONE_POLL
    // Polls that were open together fail together. They count as one failure.
    if (this.#pause.isSet) return
    this.#trouble.note(error)
    this.#rest(this.#trouble.pauseMs(this.#shared.settings.pollErrorDelayMs))
  }

  /** Polls need not wait for the end of their pause. A single failure is no outage. */
  #retry(): void {
    if (!this.#trouble.isAway || this.#trouble.failures < 2 || this.#orchestrator.limits.quietMs('poll') > 0)
      return
    this.#pause.cancel()
    this.#shared.turn.grant()
  }

  #stop(): void {
    this.#state.move('stopped')
    this.#pause.cancel()
  }

  #rest(ms: number): void {
    if (this.#state.now === 'polling') this.#pause.set(ms, () => this.#shared.turn.grant())
  }
}
