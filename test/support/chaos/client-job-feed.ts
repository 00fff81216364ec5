import { setTimeout as pause } from 'node:timers/promises'
import { type ClientApi, isDone, type JobState, type TaskRequest } from '../interop/client-api.js'
import { type FeedOptions, shortTasks } from './job-feed.js'

/** What a job has come to in the end, or so far. */
interface Entry {
  readonly params: Readonly<Record<string, unknown>>
  state: JobState | undefined
}

/** How a job may end that is not simply done; whatever else it ends with is a mistake. */
const DOCUMENTED: readonly [end: string, fits: (job: JobState, params: Entry['params']) => boolean][] = [
  ['done', isDone],
  ['timed out', ({ error_message = '' }) => error_message.startsWith('Worker task timed out')],
  [
    'failed for good, as its handler wanted',
    ({ error_message = '' }, { fails }) => fails === 'for good' && error_message.includes('for good'),
  ],
  [
    'given up after all attempts',
    ({ error_message = '' }) => /failed after \d+ attempts/.test(error_message),
  ],
  [
    'nobody was idle at every attempt',
    ({ error_message = '' }) => error_message.startsWith('No suitable workers'),
  ],
]

const ENDED = new Set(['failed', 'quarantined', 'cancelled', 'finished'])

const hasEnded = (job: JobState | undefined): boolean =>
  job !== undefined && (ENDED.has(job.status) || isDone(job))

const SWEEP_PAUSE_MS = 200
/** Questions that are open at once. */
const ASKERS = 4

/** No answer came: the orchestrator is away, or went away meanwhile. */
const isAway = (error: unknown): boolean => error instanceof Error && 'code' in error

const unlessAway = <T>(promise: Promise<T>): Promise<T | undefined> =>
  promise.catch((error: unknown) => {
    if (isAway(error)) return undefined
    throw error
  })

/** Creates jobs over the client's API and asks how they are, a new one for each that ends, whoever is away meanwhile. */
export class ClientJobFeed {
  readonly #client: Pick<ClientApi, 'createJob' | 'job'>
  readonly #options: FeedOptions
  readonly #entries = new Map<string, Entry>()
  #unanswered = 0

  constructor(client: Pick<ClientApi, 'createJob' | 'job'>, options: FeedOptions) {
    this.#client = client
    this.#options = options
  }

  /** The jobs that were created. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /** The jobs that were created and have not ended. */
  get open(): readonly string[] {
    return [...this.#entries].filter(([, { state }]) => !hasEnded(state)).map(([id]) => id)
  }

  get isComplete(): boolean {
    return this.#entries.size === this.#options.jobs
  }

  /** How many requests for a job had no answer; such a job may be there, and nobody knows its id. */
  get unanswered(): number {
    return this.#unanswered
  }

  /** Goes on until all jobs have been created and those that have not ended are `over` for another reason. */
  async run(over: (open: readonly string[]) => Promise<boolean>): Promise<void> {
    do {
      await this.#fill()
      await this.#look(this.open)
      await pause(SWEEP_PAUSE_MS)
    } while (!this.isComplete || (this.open.length > 0 && !(await over(this.open))))
    // An end may have been taken back by a result that came late.
    await this.#look([...this.#entries.keys()])
  }

  /** How many jobs ended how. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { state, params } of this.#entries.values()) {
      const end = endOf(state, params)
      counts[end] = (counts[end] ?? 0) + 1
    }
    return counts
  }

  /** The last that was heard of a job. */
  last(id: string): JobState | undefined {
    return this.#entries.get(id)?.state
  }

  async #fill(): Promise<void> {
    const { width, dice, timeoutMs, longestMs, taskOf = shortTasks(longestMs) } = this.#options
    for (let open = this.open.length; open < width && !this.isComplete; open++) {
      const { task: type, params } = taskOf(this.#entries.size, dice)
      const request: TaskRequest = { type, params: { ...params }, timeoutSeconds: timeoutMs / 1_000 }
      const id = await unlessAway(this.#client.createJob(request))
      if (id === undefined) {
        this.#unanswered++
        return
      }
      this.#entries.set(id, { params: { ...params }, state: undefined })
    }
  }

  async #look(ids: readonly string[]): Promise<void> {
    const left = [...ids]
    const ask = async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const state = await unlessAway(this.#client.job(id))
        const entry = this.#entries.get(id)
        if (state && entry) entry.state = state
      }
    }
    await Promise.all(Array.from({ length: ASKERS }, ask))
  }
}

const endOf = (state: JobState | undefined, params: Entry['params']): string => {
  if (!state || !hasEnded(state)) return 'forgotten by the orchestrator'
  return (
    DOCUMENTED.find(([, fits]) => fits(state, params))?.[0] ??
    `otherwise: ${state.status} ${state.error_message}`
  )
}
