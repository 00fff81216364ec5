import { isDeepStrictEqual } from 'node:util'
import type { Outcome, Receipt, TaskOffer } from '../protocol/messages.js'
import { TurnoverMap } from '../utils/turnover-map.js'

/** How many outcomes are kept that came too late. */
const MOST_KEPT = 100

/** What the orchestrator says of a result when the step was offered again meanwhile, or noted as another worker's. */
const TOO_LATE = ['stale_task', 'worker_mismatch']

/** Branches of one step may be alike and are still two pieces of work: their ids are bare. */
const mayRepeat = ({ step, taskId }: TaskOffer): boolean => step !== undefined && taskId.startsWith('task-')

const isSameWork = (a: TaskOffer, b: TaskOffer): boolean =>
  a.taskName === b.taskName && a.step === b.step && isDeepStrictEqual(a.params, b.params)

/** What there is of a piece of work that is offered again: the task that does it, or what came of it. */
interface Earlier<Task> {
  readonly offer: TaskOffer
  readonly task?: Task
  readonly outcome?: Outcome
}

/**
 * The same step of a job, offered again under another task id. Orchestrators do that with tasks that are still being
 * worked on (§3.1.1), and then take a result under the newest id only. The work is done once, and every id answered.
 */
export class RepeatedOffers<Task extends { readonly offer: TaskOffer }> {
  /** By job, until the result has been answered. */
  readonly #current = new TurnoverMap<string, Earlier<Task>>()
  /** By job: successes that came too late. */
  readonly #late = new Map<string, Earlier<Task>>()

  began(task: Task): void {
    const { offer } = task
    if (mayRepeat(offer)) this.#current.set(offer.jobId, { offer, task })
  }

  /** @param outcome - nothing, where the task was not done */
  ended({ offer }: Task, outcome?: Outcome): void {
    const { jobId } = offer
    if (this.#current.get(jobId)?.offer !== offer) return
    if (outcome?.kind === 'value') this.#current.set(jobId, { offer, outcome })
    else this.#current.delete(jobId)
  }

  /** What the orchestrator says of a result. */
  answered(offer: TaskOffer, receipt: Receipt): void {
    const { jobId } = offer
    const earlier = this.#current.get(jobId)
    if (receipt.kind === 'taken') this.#late.delete(jobId)
    if (earlier?.offer !== offer) return
    this.#current.delete(jobId)
    if (receipt.kind !== 'ignored' || !TOO_LATE.includes(receipt.reason)) return
    this.#late.set(jobId, earlier)
    const [oldest] = this.#late.keys()
    if (this.#late.size > MOST_KEPT && oldest !== undefined) this.#late.delete(oldest)
  }

  /** What there is already of the work that is offered. An outcome is that of the newest offer from then on. */
  take(offer: TaskOffer): Earlier<Task> | undefined {
    const earlier = this.#current.get(offer.jobId) ?? this.#late.get(offer.jobId)
    if (!earlier || !mayRepeat(offer) || !isSameWork(earlier.offer, offer)) return undefined
    this.#late.delete(offer.jobId)
    if (earlier.outcome) this.#current.set(offer.jobId, { offer, outcome: earlier.outcome })
    return earlier
  }
}
