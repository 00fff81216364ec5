import { expect, onTestFinished } from 'vitest'
import { eventually } from '../interop/eventually.js'
import { temporaryFolder } from '../temporary-folder.js'
import { seededDice } from './dice.js'
import { ALL_FAULTS, PASS, type Plan, randomFaults, type SeenRequest } from './fault.js'
import { FaultProxy } from './fault-proxy.js'
import { Witness } from './witness.js'
import { WorkerLife } from './worker-life.js'

export interface OrdealOptions {
  readonly seed: number
  /** How many tasks there will be, at least. */
  readonly tasks: number
  /** How often the worker is killed. */
  readonly kills: number
  /** For the worker. */
  readonly variables: NodeJS.ProcessEnv
  /** One that waits for an answer that never comes is killed all the same, after this time; default 2,000. */
  readonly longestLifeMs?: number
  /** The orchestrator is away at times. */
  readonly hasOutages?: true
  /** A request comes by, before it is passed on. */
  readonly onRequest?: (seen: SeenRequest) => void
}

/** Few enough that all of them are taken most of the time: limits are kept under load, or not at all. */
const SLOTS = 6
/** The share of requests that are harmed. */
const FAULT_RATE = 0.06
const LONGEST_LIFE_MS = 2_000
/** Between the request that brings the end and the end, at most: it may hit whatever the request leads to. */
const LONGEST_DELAY_MS = 5

/**
 * A worker that is killed again and again while its every request may go wrong. The moments are drawn from the seed, and
 * are numbers of requests: each task takes two at least.
 */
export class Ordeal {
  readonly witness: Witness
  readonly #options: OrdealOptions
  readonly #folder = temporaryFolder()
  readonly #dice: () => number
  readonly #moments: number[]
  readonly #proxy: FaultProxy
  #harm: Plan
  #life: WorkerLife | undefined
  #lives = 0
  /** How many requests there had been when it began. */
  #before = 0

  private constructor(target: string, options: OrdealOptions) {
    const { seed, kills, tasks, onRequest } = options
    this.#options = options
    this.witness = new Witness(SLOTS, options.hasOutages ?? false)
    this.#dice = seededDice(seed)
    this.#moments = Array.from({ length: kills }, () => Math.floor(this.#dice() * 2 * tasks)).sort(
      (a, b) => a - b,
    )
    this.#harm = randomFaults(seed, FAULT_RATE, ALL_FAULTS)
    this.#proxy = new FaultProxy(target, {
      plan: (seen) => {
        this.witness.request(seen, this.#proxy.underWay)
        onRequest?.(seen)
        if (seen.index >= (this.#moments[0] ?? Number.POSITIVE_INFINITY)) this.#killSoon()
        return this.#harm(seen)
      },
      onAnswer: (...answer) => this.witness.answer(...answer),
    })
  }

  /** @param target - the orchestrator's URL */
  static async before(target: string, options: OrdealOptions): Promise<Ordeal> {
    const ordeal = new Ordeal(target, options)
    await ordeal.#proxy.accept()
    onTestFinished(() => ordeal.#proxy.close())
    return ordeal
  }

  get requests(): number {
    return this.#proxy.requests.length
  }

  /** Lets one worker after the other live until it is killed; resolves when the last one has begun, which is spared. */
  async killAll(): Promise<void> {
    const { kills, longestLifeMs = LONGEST_LIFE_MS } = this.#options
    let next = this.#enter()
    for (let kill = 0; kill < kills; kill++) {
      const life = next
      this.#begin(life)
      next = this.#enter()
      const overdue = setTimeout(() => this.#killSoon(), longestLifeMs)
      const { signal, complaint } = await life.ended
      clearTimeout(overdue)
      expect([signal, complaint]).toEqual(['SIGKILL', ''])
      this.witness.readJournal(this.#folder)
    }
    this.#begin(next)
  }

  /** Lets the last worker end by itself, once it listens to signals. */
  async end(): Promise<void> {
    await eventually('the last worker has said something', () => this.requests > this.#before)
    // What a last poll brings has to be answered for before the worker ends.
    this.#harm = () => PASS
    this.#life?.signal('SIGTERM')
    expect(await this.#life?.ended).toEqual({ code: 0, signal: null, complaint: '' })
    this.witness.close(this.#folder)
  }

  #enter(): WorkerLife {
    const variables = {
      ...this.#options.variables,
      ORCHESTRATOR_URL: this.#proxy.url,
      WORKER_ID: 'w1',
      LIFE: String(this.#lives++),
      WORKER_STATE_DIR: this.#folder,
      MAX_CONCURRENT_TASKS: String(SLOTS),
    }
    return new WorkerLife(variables, (word, rest) => this.witness.hear(word, rest))
  }

  #begin(life: WorkerLife): void {
    this.#life = life
    this.#before = this.requests
    life.begin()
  }

  #killSoon(): void {
    this.#moments.shift()
    const doomed = this.#life
    setTimeout(() => doomed?.signal('SIGKILL'), this.#dice() * LONGEST_DELAY_MS)
  }
}
