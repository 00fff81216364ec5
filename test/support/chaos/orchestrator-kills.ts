import type { SeenRequest } from './fault.js'

export interface OrchestratorKillsOptions {
  /** How many there are to be. */
  readonly kills: number
  /** How many results will come by, at least. */
  readonly results: number
  readonly dice: () => number
  /** The ids of all jobs there are. */
  readonly jobs: () => readonly string[]
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
  #jobs: ReadonlySet<string> = new Set()

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

  /** Whether a job was there at a kill. */
  hasHit(jobId: string): boolean {
    return this.#jobs.has(jobId)
  }

  /** A request comes by, before it is passed on. */
  request({ path }: SeenRequest): void {
    if (!path.endsWith('/tasks/result')) return
    this.#seen++
    const [moment] = this.#moments
    if (this.#isDown || moment === undefined || this.#seen <= moment) return
    this.#moments.shift()
    this.#isDown = true
    setTimeout(() => void this.#kill(), this.#options.dice() * LONGEST_DELAY_MS)
  }

  async #kill(): Promise<void> {
    const { restart, jobs } = this.#options
    try {
      await restart()
      // Not before: a job may come in the last moment.
      this.#jobs = new Set(jobs())
      this.#done++
    } catch (error) {
      this.#failure = error as Error
    }
    this.#isDown = false
  }
}
