import { type ClientJob, readListed } from '../../client/job.js'
import { taskNameOf } from '../../client/task-name.js'
import { tokenHeaders } from '../../client/token-headers.js'
import { ConfigError, UnreachableError } from '../../errors.js'
import type { OrchestratorSettings, Settings } from '../../settings.js'
import type { HttpTransport } from '../../transport/http.js'
import type { HttpResponse } from '../../transport/request-in-flight.js'
import { similarName } from '../../utils/did-you-mean.js'
import { objectsIn, offeredTasks } from '../offered-tasks.js'
import { type Examined, type Finding, found, passed, skipped, together } from './finding.js'
import { wayTo } from './transport.js'

const ASK_MS = 3_000
/** A longer list is not read, in bytes. */
const LONGEST = 16 * 1_048_576

/** Compares the tasks of the jobs with the tasks of the workers, as the orchestrator knows them. */
export const examineJobs = async (
  settings: Settings,
  target: OrchestratorSettings,
  clientToken: string | undefined,
): Promise<Examined> => {
  const name = `jobs of ${target.url}`
  if (clientToken === undefined) return skipped(name, 'CLIENT_TOKEN is not set')
  try {
    const { transport } = wayTo(settings, target, tokenHeaders(clientToken))
    try {
      return await compare(transport, target.url, name)
    } finally {
      await transport.close()
    }
  } catch (error) {
    // The examination of the orchestrator finds the cause.
    if (error instanceof ConfigError) return skipped(name, 'the TLS files cannot be used')
    if (error instanceof UnreachableError) return skipped(name, 'the client API did not answer')
    throw error
  }
}

const compare = async (transport: HttpTransport, url: string, name: string): Promise<Examined> => {
  const get = (path: string) =>
    transport.send({ method: 'GET', path: `/api/v1${path}`, deadlineMs: ASK_MS, maxBytes: LONGEST })
  const [answer, jobs] = await Promise.all([get('/workers'), get('/jobs?limit=100')])
  if (answer.status === 401 || answer.status === 403) return found(name, tokenRefused(url, answer.status))
  const listed = parsed(answer)
  if (listed === undefined) return skipped(name, 'the client API did not answer')
  const workers = objectsIn(listed)
  // Some orchestrators have no list of jobs without a database.
  const all = jobs.status === 200 ? objectsIn(parsed(jobs)).flatMap((job) => readListed(job) ?? []) : []
  const missing = tasksWithoutWorker(offeredTasks(listed), all)
  const seen = passed(name, `${workers.length} workers, ${all.length} jobs`)
  return missing.length === 0 ? seen : together([found(name, ...missing.map((each) => unmatched(url, each)))])
}

/** Returns `undefined` if the answer is not JSON. */
const parsed = ({ text }: HttpResponse): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A task that jobs need and no worker offers. */
export interface Unmatched {
  readonly task: string
  readonly jobs: number
  readonly offered: readonly string[]
}

/** Returns the tasks of open and quarantined jobs that no worker offers. Pure. */
export const tasksWithoutWorker = (
  offered: readonly string[],
  jobs: readonly Pick<ClientJob, 'status' | 'raw'>[],
): readonly Unmatched[] => {
  const counts = new Map<string, number>()
  for (const { status, raw } of jobs) {
    const task = taskNameOf(raw)
    const isStuck = status === 'quarantined' || status === 'pending' || status === 'waiting_for_worker'
    if (!isStuck || task === undefined || offered.includes(task)) continue
    counts.set(task, (counts.get(task) ?? 0) + 1)
  }
  return [...counts].map(([task, count]) => ({ task, jobs: count, offered }))
}

const unmatched = (url: string, { task, jobs, offered }: Unmatched): Finding => {
  const similar = similarName(task, offered)
  return {
    code: 'task_without_worker',
    severity: 'error',
    orchestrator: url,
    cause: `No worker offers the task ${JSON.stringify(task)}${similar === undefined ? '.' : `: did you mean ${JSON.stringify(similar)}?`}`,
    evidence: `Jobs that wait for it or are quarantined: ${jobs}. Offered: ${offered.slice(0, 20).join(', ') || 'no tasks'}.`,
    remedy: `Register worker.task(${JSON.stringify(task)}, …), or correct the name of the task in the blueprint.`,
  }
}

const tokenRefused = (url: string, status: number): Finding => ({
  code: 'client_token_refused',
  severity: 'warning',
  orchestrator: url,
  cause: 'The orchestrator refuses the token of the client API.',
  evidence: `A request for its workers was answered with status ${status}.`,
  remedy: 'Set CLIENT_TOKEN to the token of a client that the orchestrator knows (clients.toml).',
})
