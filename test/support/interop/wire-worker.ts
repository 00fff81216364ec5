import type { Answer } from './client-api.js'
import { rawCall } from './raw-call.js'

/** What a poll brought: a task, or nothing. */
export interface WireTask {
  readonly job_id: string
  readonly task_id: string
  readonly type: string
  readonly params: Readonly<Record<string, unknown>>
}

/** A worker without any code of the package: raw requests, to see how an orchestrator answers them. */
export interface WireWorker {
  readonly id: string
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, headers?: Headers): Promise<Answer>
  register(taskNames: readonly string[], fields?: Readonly<Record<string, unknown>>): Promise<Answer>
  heartbeat(fields?: Readonly<Record<string, unknown>>): Promise<Answer>
  poll(): Promise<WireTask | undefined>
  /** Asks again until a task comes. */
  take(): Promise<WireTask>
  report(task: WireTask, result: Readonly<Record<string, unknown>>): Promise<Answer>
}

type Headers = Readonly<Record<string, string>>

const registration = (id: string, taskNames: readonly string[]) => ({
  worker_id: id,
  worker_type: 'wire',
  supported_tasks: taskNames,
  max_concurrent_tasks: 10,
  cost_per_skill: {},
  installed_models: [],
  installed_software: {},
  hostname: 'here',
  ip_address: '127.0.0.1',
  resources: { cpu_cores: 1, gpu_info: null },
  capabilities: { websockets: true },
})

/** @param url the orchestrator's base URL */
export const wireWorker = (url: string, token: string, id: string): WireWorker => {
  const call: WireWorker['call'] = async (method, path, body, headers = { 'X-Worker-Token': token }) => {
    const { status, body: answered } = await rawCall(`${url}/_worker${path}`, method, headers, body)
    return { status, body: answered }
  }

  const poll = async (): Promise<WireTask | undefined> => {
    const { status, body } = await call('GET', `/workers/${id}/tasks/next`)
    if (status === 200) return body as WireTask
    if (status === 204) return undefined
    throw new Error(`the poll of ${id} was answered ${status}: ${JSON.stringify(body)}`)
  }

  return {
    id,
    call,
    poll,
    register: (taskNames, fields) =>
      call('POST', '/workers/register', { ...registration(id, taskNames), ...fields }),
    heartbeat: (fields) => call('PATCH', `/workers/${id}`, fields),
    async take() {
      for (let polls = 0; polls < 10; polls++) {
        const task = await poll()
        if (task) return task
      }
      throw new Error(`ten polls brought ${id} no task`)
    },
    report: ({ job_id, task_id }, result) =>
      call('POST', '/tasks/result', { job_id, task_id, worker_id: id, result }),
  }
}
