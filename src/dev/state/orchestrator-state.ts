import type { DevClock } from '../clock.js'
import type { PollQueues } from '../queue/poll-queues.js'
import type { JobStore } from './job-store.js'
import type { WorkerStore } from './worker-store.js'

/** What the orchestrator knows: the time, the jobs, the workers, and the offers that wait for a poll. */
export interface OrchestratorState {
  readonly clock: DevClock
  readonly jobs: JobStore
  readonly workers: WorkerStore
  readonly queues: PollQueues<object>
}
