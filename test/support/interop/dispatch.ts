import type { JobState, TaskRequest } from './client-api.js'
import { eventually } from './eventually.js'
import type { OrchestratorUnderTest } from './orchestrator-under-test.js'
import { wireOf } from './wire-of.js'

const wasDispatched = (job: JobState): boolean => job.current_task_id !== undefined
const isSettled = (job: JobState): boolean => wasDispatched(job) || job.status === 'quarantined'

const tryToDispatch = async ({ client }: OrchestratorUnderTest, task: TaskRequest): Promise<JobState> =>
  client.waitForJob(await client.createJob(task), isSettled)

/** Creates a job and waits until its task has been put into a worker's queue. Gives the job's id. */
export const dispatch = async (orchestrator: OrchestratorUnderTest, task: TaskRequest): Promise<string> => {
  const job = await tryToDispatch(orchestrator, task)
  if (!wasDispatched(job)) throw new Error(`no idle worker takes "${task.type}": ${job.error_message}`)
  return job.id
}

/**
 * Creates a job for a worker that has no free slot. An orchestrator gives tasks only to workers whose record says idle,
 * and learns of a full one with a delay; here the record is set back, which makes that delay last (in the second generation a
 * full worker says idle, and only one that takes nothing is set back). The worker's own
 * heartbeat may come in between: then it is done again.
 */
export const dispatchToFull = async (
  orchestrator: OrchestratorUnderTest,
  workerId: string,
  task: TaskRequest,
): Promise<string> => {
  // The second generation's list of skills stays as it is: a full worker's, too.
  const lagging =
    orchestrator.generation === 'rxon' ? { status: 'idle' } : { status: 'idle', supported_tasks: [task.type] }
  return eventually(`${workerId} gets a task that it has no slot for`, async () => {
    await wireOf(orchestrator, workerId).heartbeat(lagging)
    const job = await tryToDispatch(orchestrator, task)
    return wasDispatched(job) ? job.id : undefined
  })
}
