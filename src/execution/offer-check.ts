import { TaskError } from '../errors.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import type { Logger } from '../utils/logger.js'
import { OnceAMinute } from '../utils/once-a-minute.js'
import { EarlyCancels } from './early-cancels.js'
import { HANDED_BACK } from './handed-back.js'
import type { RepeatedOffers } from './repeated-offers.js'
import { refTo, type TaskInHand, type TaskSource } from './task-in-hand.js'

/** The outcome of a task that the orchestrator cancelled before its handler ran. */
export const CANCELLED: Outcome = { kind: 'cancelled' }

/** Finds the offers that are not run, because their outcome is known or another task does the same work. */
export class OfferCheck {
  readonly #repeats: Pick<RepeatedOffers<TaskInHand>, 'take'>
  readonly #log: Logger
  readonly #cancelled = new EarlyCancels<TaskSource>()
  readonly #warnings = { again: new OnceAMinute(), refused: new OnceAMinute(), step: new OnceAMinute() }
  #isDraining = false

  constructor(repeats: Pick<RepeatedOffers<TaskInHand>, 'take'>, log: Logger) {
    this.#repeats = repeats
    this.#log = log
  }

  /** @returns the outcome, the task that does the same work, or `undefined` for an offer that has to run */
  check(offer: TaskOffer, from: TaskSource): Outcome | TaskInHand | undefined {
    const { refusal } = offer
    if (refusal) {
      const fields = { ...refTo(offer), refusal }
      this.#warn('refused', fields, 'Task refused: it is reported as a failure and does not run')
      return judgeError(new TaskError(refusal.code, refusal.message))
    }
    if (this.#cancelled.take(offer.taskId, from)) {
      this.#log.info(refTo(offer), 'Task cancelled before it came: it is not started')
      return CANCELLED
    }
    return this.#earlier(offer) ?? (this.#isDraining ? HANDED_BACK : undefined)
  }

  /** The task of the offer is still in hand. */
  repeated(offer: TaskOffer): void {
    this.#warn('again', refTo(offer), 'Task offered again while it is in hand: it runs once')
  }

  /**
   * Remembers the cancellation of a task that has not come yet.
   *
   * @param id - of the task, or of its job
   */
  cancelled(id: string, from: TaskSource): void {
    this.#cancelled.add(id, from)
    this.#log.debug(
      { id, orchestrator: from.url },
      'Cancellation received for a task that this worker does not have',
    )
  }

  /** From now on every offer is handed back. */
  refuseOffers(): void {
    this.#isDraining = true
  }

  /** The outcome of the same work, or the task that does it and can still be joined. */
  #earlier(offer: TaskOffer): Outcome | TaskInHand | undefined {
    const earlier = this.#repeats.take(offer)
    const found = earlier?.outcome ?? (earlier?.task?.isEnding ? undefined : earlier?.task)
    if (found) {
      this.#warn('step', refTo(offer), 'Step of a job offered again under another task id: it runs once')
    }
    return found
  }

  /** An orchestrator decides how many such offers come. */
  #warn(kind: 'again' | 'refused' | 'step', fields: object, message: string): void {
    const line = this.#warnings[kind].take()
    if (line) this.#log.warn({ ...fields, ...line }, message)
  }
}
