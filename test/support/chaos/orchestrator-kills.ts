import type { SeenRequest } from './fault.js'

export interface OrchestratorKillsOptions {
  /** How many there are to be. */
  readonly kills: number
  /** How many results will come by, at least. */
  readonly results: number
  readonly dice: () => number
  /** Kills it and starts it anew. */
  readonly restart: () => Promise<void>
}

/** Between the result that brings the end and the end, at most: while it is read, acted upon or answered. */
const LONGEST_DELAY_MS = 20

/** Kills an orchestrator while results come in. The moments are drawn from the seed, and are numbers of results. */
export class OrchestratorKills {
  readonly #options: OrchestratorKillsOptions
  readonly #moments: number[]
  #seen = 0
  #done = 0
  #isDown = false
  #failure: Error | undefined
  /** The tasks whose results are on their way. */
  readonly #unanswered = new Set<string>()
  /** The tasks whose results were on their way at a kill. */
  readonly hit = new Set<string>()

  constructor(options: OrchestratorKillsOptions) {
    this.#options = options
    const { kills, results, dice } = options
    this.#moments = Array.from({ length: kills }, () => Math.floor(dice() * results)).sort((a, b) => a - b)
  }

  /** How many there have been. */
  get done(): number {
    return this.#done
  }

  /** Whether all is done and it runs. @throws Error when it did not start again */
  get areOver(): boolean {
    if (this.#failure) throw this.#failure
    return this.#moments.length === 0 && !this.#isDown
  }

  /** A request comes by, before it is passed on. */
  request(seen: SeenRequest): void {
    if (!isResult(seen)) return
    this.#unanswered.add(taskIn(seen))
    this.#seen++
    const [moment] = this.#moments
    if (this.#isDown || moment === undefined || this.#seen <= moment) return
    this.#moments.shift()
    this.#isDown = true
    setTimeout(() => void this.#kill(), this.#options.dice() * LONGEST_DELAY_MS)
  }

  /** The orchestrator has answered a request. */
  answered(seen: SeenRequest): void {
    if (isResult(seen)) this.#unanswered.delete(taskIn(seen))
  }

  async #kill(): Promise<void> {
    for (const taskId of this.#unanswered) this.hit.add(taskId)
    try {
      await this.#options.restart()
      this.#done++
    } catch (error) {
      this.#failure = error as Error
    }
    this.#isDown = false
  }
}

const isResult = ({ path }: SeenRequest): boolean => path.endsWith('/tasks/result')

const taskIn = ({ body }: SeenRequest): string => JSON.parse(body).task_id
