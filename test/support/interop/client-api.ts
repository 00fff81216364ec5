import { request } from 'undici'
import { eventually, type Patience } from './eventually.js'

/** What a client asks for: one task, and what is to be done with it. */
export interface TaskRequest {
  readonly type: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly priority?: number
  readonly timeoutSeconds?: number
  /** From its dispatch to its result; the second generation tells it the worker as a deadline. */
  readonly resultTimeoutSeconds?: number
  /** What the blueprint asks for besides the name, such as `{ skill: { lang: 'en' } }`; the second generation alone. */
  readonly requirements?: Readonly<Record<string, unknown>>
  /** The type that the worker's skill has to have; the second generation alone. */
  readonly skillType?: string
  /** How a worker is picked; the orchestrator's default unless given. */
  readonly strategy?: 'round_robin'
  /** The trace that the client begins. */
  readonly traceparent?: string
  /** The states that the job goes to at events of its task, by their types. */
  readonly eventTransitions?: Readonly<Record<string, string>>
}

/** The part of a job's state that the tests look at; the second generation leaves out what is not so yet. */
export interface JobState {
  readonly id: string
  readonly status: string
  readonly current_state: string
  readonly state_history: Readonly<Record<string, unknown>>
  readonly retry_count?: number
  readonly error_message?: string
  readonly current_task_id?: string
  readonly task_worker_id?: string
}

/** The record that the orchestrator keeps of a worker. */
export interface WorkerRecord {
  readonly worker_id: string
  readonly status?: string
  readonly load?: number
  /** The first generation's. */
  readonly supported_tasks?: readonly string[]
  /** The second generation's. */
  readonly supported_skills?: readonly { readonly name: string }[]
  /** Those of them that have a free slot. */
  readonly available_skills?: readonly string[]
  readonly [field: string]: unknown
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** An orchestrator as a client sees it. */
export interface ClientApi {
  /** Creates a job of one task and gives its id. */
  createJob(task: TaskRequest): Promise<string>
  job(id: string): Promise<JobState>
  waitForJob(id: string, hope: (job: JobState) => boolean, patience?: Patience): Promise<JobState>
  cancel(id: string): Promise<Answer>
  workers(): Promise<WorkerRecord[]>
  waitForWorker(
    id: string,
    hope: (record: WorkerRecord | undefined) => boolean,
    patience?: Patience,
  ): Promise<void>
}

const JOB_PAUSE_MS = 40

// The orchestrator in memory compares two tasks of the same priority by their content, which fails. No two jobs of
// this process have quite the same one; the first made comes first.
let jobsCreated = 0
const distinct = (priority: number): number => priority - ++jobsCreated * 1e-7

const initialData = (task: TaskRequest) => ({
  type: task.type,
  params: task.params ?? {},
  priority: distinct(task.priority ?? 0),
  timeout_seconds: task.timeoutSeconds ?? 300,
  ...(task.resultTimeoutSeconds !== undefined && { result_timeout_seconds: task.resultTimeoutSeconds }),
  ...(task.requirements && { resource_requirements: task.requirements }),
  ...(task.skillType !== undefined && { skill_type: task.skillType }),
  ...(task.strategy && { dispatch_strategy: task.strategy }),
  ...(task.eventTransitions && { event_transitions: task.eventTransitions }),
})

/** @param url the orchestrator's base URL */
export const clientApi = (url: string, token: string): ClientApi => {
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const answer = await request(`${url}/api/v1${path}`, {
      method,
      // Each generation reads its own.
      headers: {
        'X-Avtomatika-Token': token,
        'X-Client-Token': token,
        'Content-Type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.statusCode, body: await answer.body.json() }
  }

  const ask = async <T>(expected: number, ...args: Parameters<typeof call>): Promise<T> => {
    const { status, body } = await call(...args)
    if (status === expected) return body as T
    throw new Error(`${args[0]} ${url}${args[1]} was answered ${status}: ${JSON.stringify(body)}`)
  }

  const job = (id: string) => ask<JobState>(200, 'GET', `/jobs/${id}`)
  const workers = () => ask<WorkerRecord[]>(200, 'GET', '/workers')

  return {
    job,
    workers,
    cancel: (id) => call('POST', `/jobs/${id}/cancel`),

    async createJob(task) {
      const body = { initial_data: initialData(task) }
      const headers = task.traceparent === undefined ? undefined : { traceparent: task.traceparent }
      return (await ask<{ job_id: string }>(202, 'POST', '/jobs/one_task', body, headers)).job_id
    },

    async waitForJob(id, hope, patience) {
      let seen: JobState | undefined
      const look = async () => {
        seen = await job(id)
        return hope(seen) ? seen : undefined
      }
      return eventually(`job ${id} gets there`, look, { pauseMs: JOB_PAUSE_MS, ...patience }, () => seen)
    },

    async waitForWorker(id, hope, patience) {
      let seen: WorkerRecord | undefined
      const look = async () => {
        seen = (await workers()).find((record) => record.worker_id === id)
        return hope(seen)
      }
      await eventually(
        `worker ${id} is recorded so`,
        look,
        { pauseMs: JOB_PAUSE_MS, ...patience },
        () => seen,
      )
    },
  }
}

/** A job that has gone through its task and reached the end of its blueprint. */
export const isDone = (job: JobState): boolean =>
  job.current_state === 'done' || (job.current_state === 'finished' && job.status === 'finished')

/** A job whose task lies in a worker's queue or is being worked on. */
export const isDispatched = (job: JobState): boolean =>
  job.status === 'waiting_for_worker' && job.current_task_id !== undefined

/** The tasks that a worker can take now, as its record says in the words of its generation. */
export const taskNamesIn = ({ supported_tasks, supported_skills }: WorkerRecord): readonly string[] =>
  supported_tasks ?? supported_skills?.map(({ name }) => name) ?? []

/** A worker that takes tasks of this name. */
export const offers =
  (taskName: string) =>
  (record: WorkerRecord | undefined): boolean =>
    record !== undefined && record.status === 'idle' && taskNamesIn(record).includes(taskName)
