import { didYouMean } from '../../utils/did-you-mean.js'
import type { ShownStatus } from './timeline.js'
import type { WorkerView } from './worker-view.js'

/** Longer lists of task names are cut, in characters. */
const MAX_HINT = 300

/** What has to be known to tell why a job does not start. */
export interface WaitingJob {
  readonly task: string
  readonly status: ShownStatus
  readonly workerId: string | undefined
}

/** Returns why a job is not starting, or `undefined` if it runs or has ended. Pure. */
export const whyWaiting = (job: WaitingJob, workers: readonly WorkerView[]): string | undefined => {
  if (job.status === 'queued') return whyQueued(job, workers)
  return job.status === 'waiting' ? whyUndispatched(job.task, workers) : undefined
}

const whyQueued = ({ workerId = '' }: WaitingJob, workers: readonly WorkerView[]): string => {
  const worker = workers.find(({ id }) => id === workerId)
  if (!worker) return `Queued for ${workerId}, which is not known any more. The task times out there.`
  const { state, why } = worker
  if (state === 'ready') return `Queued for ${workerId}, which takes it with its next poll.`
  return `Queued for ${workerId}. ${why ?? ''}`.trim()
}

/** Returns that no worker offers a task, and which names they offer. Pure. */
export const noWorkerOffers = (task: string, offered: readonly string[]): string => {
  const hint = offered.length > 0 ? `: ${didYouMean(task, offered).slice(0, MAX_HINT)}` : ''
  return `No worker offers "${task}"${hint}`
}

const whyUndispatched = (task: string, workers: readonly WorkerView[]): string => {
  const live = workers.filter(({ state }) => state !== 'lost')
  if (live.length === 0) return `No worker is connected. Start a worker that offers "${task}".`
  const offering = live.filter(({ slots }) => slots.some(({ tasks }) => tasks.includes(task)))
  const [only] = offering
  if (only === undefined)
    return noWorkerOffers(task, [
      ...new Set(live.flatMap(({ slots }) => slots.flatMap(({ tasks }) => tasks))),
    ])
  if (offering.length === 1) return `Only ${only.id} offers it. ${only.why ?? 'All its slots are in use.'}`
  return `All ${offering.length} workers that offer it are busy or not ready.`
}
