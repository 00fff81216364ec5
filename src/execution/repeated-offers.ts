import { isDeepStrictEqual } from 'node:util'
import type { Settlement } from '../delivery/delivery.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { TurnoverMap } from '../utils/turnover-map.js'

/** How many outcomes are kept whose results came too late. */
const MAX_LATE = 100

/** Why an orchestrator ignores a result: the step was offered again meanwhile, or belongs to another worker now. */
const TOO_LATE = ['stale_task', 'worker_mismatch']

/** Parallel branches of one step may look the same and are still separate work. Their ids lack the prefix. */
const mayRepeat = ({ step, taskId }: TaskOffer): boolean => step !== undefined && taskId.startsWith('task-')

const isSameWork = (a: TaskOffer, b: TaskOffer): boolean =>
  a.taskName === b.taskName && a.step === b.step && isDeepStrictEqual(a.params, b.params)

/** Work that was accepted before: the task that does it, or its outcome. */
interface Earlier<Task> {
  readonly offer: TaskOffer
  readonly task?: Task
  readonly outcome?: Outcome
}

/**
 * Recognizes a step of a job that is offered again under another task id. Orchestrators do that with tasks that still
 * run (§3.1.1), and then take a result under the newest id only. The work is done once, and every id gets a result.
 */
export class RepeatedOffers<Task extends { readonly offer: TaskOffer }> {
  /** By job id, until the orchestrator has answered for the result. */
  readonly #current = new TurnoverMap<string, Earlier<Task>>()
  /** By job id: successes that the orchestrator ignored because they came too late. */
  readonly #late = new Map<string, Earlier<Task>>()

  began(task: Task): void {
    const { offer } = task
    if (mayRepeat(offer)) this.#current.set(offer.jobId, { offer, task })
  }

  /** The task has its outcome. Only a success answers later offers of the same work. */
  ended({ offer }: Task, outcome: Outcome): void {
    const { jobId } = offer
    if (this.#current.get(jobId)?.offer !== offer) return
    if (outcome.kind === 'value') this.#current.set(jobId, { offer, outcome })
    else this.#current.delete(jobId)
  }

  /** The orchestrator has answered for the result. */
  settled(offer: TaskOffer, settlement: Settlement): void {
    const { jobId } = offer
    const earlier = this.#current.get(jobId)
    if (settlement.kind === 'taken') this.#late.delete(jobId)
    if (earlier?.offer !== offer) return
    this.#current.delete(jobId)
    if (settlement.kind !== 'ignored' || !TOO_LATE.includes(settlement.reason)) return
    this.#late.set(jobId, earlier)
    const [oldest] = this.#late.keys()
    if (this.#late.size > MAX_LATE && oldest !== undefined) this.#late.delete(oldest)
  }

  /** Finds earlier work that is the same as the offered work. An outcome belongs to the newest offer from then on. */
  take(offer: TaskOffer): Earlier<Task> | undefined {
    const earlier = this.#current.get(offer.jobId) ?? this.#late.get(offer.jobId)
    if (!earlier || !mayRepeat(offer) || !isSameWork(earlier.offer, offer)) return undefined
    this.#late.delete(offer.jobId)
    if (earlier.outcome) this.#current.set(offer.jobId, { offer, outcome: earlier.outcome })
    return earlier
  }
}
