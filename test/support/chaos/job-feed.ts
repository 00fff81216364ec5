import type { DevOrchestrator, Job } from 'avtomatika-worker/dev'

/** How a job may end that is not simply done; whatever else it ends with is a mistake. */
const DOCUMENTED: readonly [end: string, fits: (job: Job) => boolean][] = [
  ['done', ({ state }) => state === 'done' || state === 'finished'],
  [
    'timed out',
    ({ errorMessage = '' }) => /^Worker task timed out|attempts: Worker task timed out/.test(errorMessage),
  ],
  [
    'failed for good, as its handler wanted',
    ({ params, errorMessage = '' }) => params['fails'] === 'for good' && errorMessage.includes('for good'),
  ],
  ['given up after all attempts', ({ errorMessage = '' }) => /failed after \d+ attempts/.test(errorMessage)],
]

const endOf = (job: Job): string =>
  DOCUMENTED.find(([, fits]) => fits(job))?.[0] ?? `otherwise: ${job.errorMessage}`

export interface FeedOptions {
  readonly jobs: number
  /** How many are under way at once. */
  readonly width: number
  readonly dice: () => number
  readonly timeoutMs: number
  /** Default: short ones, of which some fail. */
  readonly taskOf?: TaskOf
  /** How long a short one takes at most; default 15. */
  readonly longestMs?: number
}

type TaskOf = (n: number, dice: () => number) => { readonly task: string; readonly params: object }

/** Creates jobs of short tasks, a new one for each that ends. */
export class JobFeed {
  readonly #orchestrator: DevOrchestrator
  readonly #options: FeedOptions
  readonly #open = new Set<string>()
  readonly #ids: string[] = []
  #isStopped = false

  constructor(orchestrator: DevOrchestrator, options: FeedOptions) {
    this.#orchestrator = orchestrator
    this.#options = options
    // An end may be taken back by a result that comes late.
    orchestrator.on('job', (job) => {
      if (hasEnded(job) && this.#open.delete(job.id)) void this.#create()
      else if (!hasEnded(job)) this.#open.add(job.id)
    })
  }

  /** Whether all jobs were created and have ended. */
  get isOver(): boolean {
    return this.#ids.length === this.#options.jobs && this.#open.size === 0
  }

  /** Creates no more. */
  stop(): void {
    this.#isStopped = true
  }

  async start(): Promise<void> {
    for (let n = 0; n < this.#options.width; n++) await this.#create()
  }

  /** How many jobs ended how. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const id of this.#ids) {
      const job = this.#orchestrator.job(id)
      const end = job ? endOf(job) : 'nowhere'
      counts[end] = (counts[end] ?? 0) + 1
    }
    return counts
  }

  async #create(): Promise<void> {
    const { jobs, dice, timeoutMs, longestMs, taskOf = shortTasks(longestMs) } = this.#options
    const n = this.#ids.length
    if (n >= jobs || this.#isStopped) return
    const place = this.#ids.push('') - 1
    const { id } = await this.#orchestrator.createJob({ ...taskOf(n, dice), timeoutMs })
    this.#ids[place] = id
  }
}

export const shortTasks =
  (longestMs = 15): TaskOf =>
  (n, dice) => ({
    task: n % 4 === 0 ? 'narrow' : 'short',
    params: { ms: Math.floor(dice() * longestMs), ...failureOf(n) },
  })

const failureOf = (n: number): object => {
  if (n % 500 === 7) return { fails: 'for good' }
  return n % 25 === 3 ? { fails: 'once' } : {}
}

const hasEnded = ({ status, state }: Job): boolean =>
  status === 'failed' || status === 'quarantined' || status === 'finished' || state !== 'start'
