import { PERMANENT_ERROR, ProtocolError } from '../../errors.js'
import type {
  Heartbeat,
  Outcome,
  ProgressUpdate,
  Registration,
  StoredFiles,
  TaskEvent,
  TaskResult,
  Usage,
} from '../messages.js'
import type { WireRequest } from '../protocol.js'
import { REGISTER, RESULT, TOKEN, workerPath } from '../routes.js'
import { NotCanonicalError } from './canonical.js'
import { capabilities, describeWorker, skillsHash } from './describe-worker.js'

/** Stamps and signs a message; what the signature leaves out goes into the second object. */
export type Seal = (message: object, unsigned?: Readonly<Record<string, unknown>>) => string

const LEGAL_ID = /^[a-zA-Z0-9_-]{1,128}$/

export const writeRegistration = (seal: Seal, registration: Registration): WireRequest => {
  const { workerId } = registration
  if (!LEGAL_ID.test(workerId) || workerId === 'ghost') {
    throw new ProtocolError(
      `The worker id "${workerId}" cannot be used with this orchestrator: it takes 1 to 128 characters out of A-Z a-z 0-9 _ -, and not "ghost"`,
    )
  }
  return { method: 'POST', path: REGISTER, body: seal(describeWorker(registration)) }
}

/**
 * A worker whose slots are all taken still counts as idle: a job that finds no idle worker is not kept, it is
 * quarantined at once. Job ids stand among the task ids, as only those are ever answered as cancelled.
 */
export const writeHeartbeat = (
  seal: Seal,
  heartbeat: Heartbeat,
  registration: Registration,
): WireRequest => ({
  method: 'PATCH',
  path: workerPath(registration.workerId),
  body: seal({
    worker_id: registration.workerId,
    status: heartbeat.accepting ? 'idle' : 'offline',
    load: heartbeat.load,
    current_tasks: [...new Set(heartbeat.tasksInHand.flatMap(({ taskId, jobId }) => [taskId, jobId]))],
    available_skills: heartbeat.taskNames,
    hot_skills: heartbeat.hotSkills,
    usage: heartbeat.usage && usageOnTheWire(heartbeat.usage),
    skills_hash: skillsHash(registration),
    capabilities: capabilities(registration),
  }),
})

const usageOnTheWire = ({ cpuPercent, ramUsedGb, devices }: Usage) => ({
  cpu_load_percent: cpuPercent,
  ram_used_gb: ramUsedGb,
  devices_usage: devices.map(({ id, loadPercent, memoryUsedGb }) => ({
    unit_id: id,
    load_percent: loadPercent,
    metrics: { memory_used_gb: memoryUsedGb },
  })),
})

/** Words for people may lose half a character, as texts do that were cut; nothing else is wrong with them. */
const wellFormed = (words: string): string => words.replace(/\p{Surrogate}/gu, '\ufffd')

const outcomeOnTheWire = (outcome: Outcome): object => {
  switch (outcome.kind) {
    case 'value':
      return { status: outcome.status, data: outcome.data, data_metadata: filesOnTheWire(outcome.files) }
    case 'failure':
      return {
        status: 'failure',
        error: { ...outcome.error, message: wellFormed(outcome.error.message) },
        data: outcome.data,
        data_metadata: filesOnTheWire(outcome.files),
      }
    case 'cancelled':
      return { status: 'cancelled' }
  }
}

const filesOnTheWire = (files: StoredFiles | undefined) =>
  files && Object.keys(files).length > 0 ? files : undefined

const resultOnTheWire = (result: TaskResult): object => ({
  job_id: result.jobId,
  task_id: result.taskId,
  worker_id: result.workerId,
  origin_worker_id: result.workerId,
  ...outcomeOnTheWire(result.outcome),
  costs:
    result.executionMs === undefined ? undefined : { execution_time_seconds: result.executionMs / 1_000 },
})

export const writeResult = (seal: Seal, result: TaskResult): WireRequest => {
  try {
    return { method: 'POST', path: RESULT, body: seal(resultOnTheWire(result)) }
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error
    return writeUnreadable(seal, result, `the orchestrator cannot read it: ${error.message}`)
  }
}

/** A result that nobody can read is a failure of the task: without any, the job would wait for its timeout. */
export const writeUnreadable = (seal: Seal, result: TaskResult, why: string): WireRequest => {
  const message = `The result of the task cannot be delivered: ${why}`
  const outcome: Outcome = { kind: 'failure', error: { code: PERMANENT_ERROR, message } }
  const { jobId, taskId, workerId } = result
  return { method: 'POST', path: RESULT, body: seal(resultOnTheWire({ jobId, taskId, workerId, outcome })) }
}

export const writeTokenRequest = (refreshToken?: string): WireRequest =>
  refreshToken === undefined
    ? { method: 'POST', path: TOKEN }
    : { method: 'POST', path: `${TOKEN}/refresh`, body: JSON.stringify({ refresh_token: refreshToken }) }

const UNSIGNED = { bubbling_chain: [] }

export const writeEvent = (seal: Seal, workerId: string, eventId: string, event: TaskEvent): string =>
  seal(
    {
      event_id: eventId,
      worker_id: workerId,
      origin_worker_id: workerId,
      event_type: event.name,
      payload: event.payload,
      origin_task_id: event.taskId,
      target_job_id: event.jobId,
      target_task_id: event.taskId,
      trace_context: event.tracingContext,
      priority: 0,
    },
    UNSIGNED,
  )

export const progressEvent = ({
  jobId,
  taskId,
  progress,
  message,
  tracingContext = {},
}: ProgressUpdate): TaskEvent => ({
  jobId,
  taskId,
  name: 'progress',
  payload: { progress, message: wellFormed(message) },
  tracingContext,
})
