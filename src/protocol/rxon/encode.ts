import { ProtocolError } from '../../errors.js'
import type {
  Heartbeat,
  Outcome,
  ProgressUpdate,
  Registration,
  StoredFiles,
  TaskEvent,
  TaskResult,
  Usage,
  WorkerEvent,
} from '../messages.js'
import type { WireRequest } from '../protocol.js'
import { REGISTER, RESULT, TOKEN, workerPath } from '../routes.js'
import { sendable } from '../unsendable.js'
import { capabilities, describeWorker, skillInfo, skillsHash } from './describe-worker.js'

/** Adds the timestamp to a message, signs it, and returns its text. The signature does not cover `unsigned`. */
export type Sign = (message: object, unsigned?: Readonly<Record<string, unknown>>) => string

/** §3.1.24: an empty list would count as no change. */
const NO_LONGER_HOT = [''] as const

const LEGAL_ID = /^[a-zA-Z0-9_-]{1,128}$/

export const writeRegistration = (sign: Sign, registration: Registration): WireRequest => {
  const { workerId } = registration
  if (!LEGAL_ID.test(workerId) || workerId === 'ghost') {
    throw new ProtocolError(
      `Worker id "${workerId}" not accepted by this orchestrator: set WORKER_ID to 1 to 128 characters of A-Z a-z 0-9 _ -, but not to "ghost"`,
    )
  }
  return { method: 'POST', path: REGISTER, body: sign(describeWorker(registration)) }
}

/**
 * A worker without a free slot still reports `idle`, because a job that finds no idle worker is quarantined at once. The ids
 * of jobs are among those of tasks, because orchestrators only cancel by the id of a job.
 */
export const writeHeartbeat = (
  sign: Sign,
  heartbeat: Heartbeat,
  registration: Registration,
): WireRequest => ({
  method: 'PATCH',
  path: workerPath(registration.workerId),
  body: sign({
    worker_id: registration.workerId,
    status: heartbeat.accepting ? 'idle' : 'offline',
    load: heartbeat.load,
    current_tasks: [...new Set(heartbeat.tasksInHand.flatMap(({ taskId, jobId }) => [taskId, jobId]))],
    available_skills: heartbeat.taskNames,
    hot_skills:
      heartbeat.hotSkills.length === 0 && heartbeat.hadHotSkills ? NO_LONGER_HOT : heartbeat.hotSkills,
    usage: heartbeat.usage && usageOnTheWire(heartbeat.usage),
    ...skillsOnTheWire(heartbeat, registration),
    capabilities: capabilities(registration),
  }),
})

/**
 * §3.1.23: without skills, no poll that the orchestrator holds for a dead process can take a task out of another queue. A record
 * that was kept may have lost its skills so: it gets them back when the worker takes tasks. There is no hash in both
 * cases, because with the hash that it knows, the orchestrator ignores the skills.
 */
const skillsOnTheWire = ({ accepting, withdrawn }: Heartbeat, registration: Registration) => {
  if (withdrawn) return { supported_skills: [] }
  if (!registration.isHeldOff) return { skills_hash: skillsHash(registration) }
  return accepting ? { supported_skills: registration.skills.map(skillInfo) } : undefined
}

const usageOnTheWire = ({ cpuPercent, ramUsedGb, devices }: Usage) => ({
  cpu_load_percent: cpuPercent,
  ram_used_gb: ramUsedGb,
  devices_usage: devices.map(({ id, loadPercent, memoryUsedGb, temperatureC, metrics }) => ({
    unit_id: id,
    load_percent: loadPercent,
    metrics: { memory_used_gb: memoryUsedGb, temperature_c: temperatureC, ...metrics },
  })),
})

/** Replaces lone surrogates, which a text that was cut may have. Only for texts that people read. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

const outcomeOnTheWire = (outcome: Outcome): object => {
  switch (outcome.kind) {
    case 'value':
      return { status: outcome.status, ...deliveredOnTheWire(outcome) }
    case 'failure':
      return {
        status: 'failure',
        error: { ...outcome.error, message: wellFormed(outcome.error.message) },
        ...deliveredOnTheWire(outcome),
      }
    case 'cancelled':
      return { status: 'cancelled' }
  }
}

const deliveredOnTheWire = ({ data, files, metadata }: Exclude<Outcome, { kind: 'cancelled' }>) => ({
  data,
  data_metadata: filesOnTheWire(files),
  metadata,
})

const filesOnTheWire = (files: StoredFiles | undefined) =>
  files && Object.keys(files).length > 0 ? files : undefined

const resultOnTheWire = (result: TaskResult): object => ({
  job_id: result.jobId,
  task_id: result.taskId,
  worker_id: result.workerId,
  origin_worker_id: result.workerId,
  ...outcomeOnTheWire(result.outcome),
  costs: costsOf(result),
})

/** The costs of the handler come last: it may have measured the time of its work more exactly. */
const costsOf = ({ executionMs, outcome }: TaskResult) => {
  const own = outcome.kind === 'cancelled' ? undefined : outcome.costs
  if (executionMs === undefined) return own
  return { execution_time_seconds: executionMs / 1_000, ...own }
}

export const writeResult = (sign: Sign, result: TaskResult): WireRequest => ({
  method: 'POST',
  path: RESULT,
  body: sendable(() => sign(resultOnTheWire(result))),
})

export const writeTokenRequest = (refreshToken?: string): WireRequest =>
  refreshToken === undefined
    ? { method: 'POST', path: TOKEN }
    : { method: 'POST', path: `${TOKEN}/refresh`, body: JSON.stringify({ refresh_token: refreshToken }) }

const UNSIGNED = { bubbling_chain: [] }

export const writeEvent = (sign: Sign, workerId: string, eventId: string, event: WorkerEvent): string =>
  sign(
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
      priority: event.priority ?? 0,
      metadata: event.metadata,
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
