import { isObject } from '../../utils/json.js'
import { type Answer, getJson } from '../get-json.js'
import { type Examined, type Finding, found, passed, skipped } from './finding.js'

/** How long the health server may take, in ms. */
const ASK_MS = 2_000

/** A worker that runs, as its health server shows it. */
export interface RunningWorker {
  readonly url: string
  readonly workerId: string | undefined
  /** Whether something is connected there that answers nothing: a blocked worker has the port. */
  readonly isSilent: boolean
  readonly examined: Examined
}

/**
 * Asks the health server of a running worker for its state and its diagnoses.
 *
 * @param url - such as `http://127.0.0.1:8083`
 * @param isRequired - whether it is a fault if no worker answers
 */
export const examineWorker = async (url: string, isRequired: boolean): Promise<RunningWorker> => {
  const name = `worker at ${url}`
  const none = (examined: Examined): RunningWorker => ({
    url,
    workerId: undefined,
    isSilent: status.kind === 'silent',
    examined,
  })
  const status = await getJson(`${url}/status`, {}, ASK_MS)
  if (status.kind === 'refused')
    return none(isRequired ? found(name, notRunning(url, status.why)) : skipped(name, 'no worker runs there'))
  if (status.kind === 'silent') return none(found(name, blocked(url)))
  if (status.kind === 'other' || !isObject(status.value) || typeof status.value['workerId'] !== 'string')
    return none(found(name, otherProgram(url)))
  const { workerId, state, ready } = status.value
  const diagnoses = await getJson(`${url}/diagnosis`, {}, ASK_MS)
  const findings = findingsIn(diagnoses)
  const detail = `${workerId} is ${String(state)}${ready === true ? ' and ready' : ''}`
  const examined =
    findings.length > 0
      ? found(name, ...findings)
      : diagnoses.kind === 'silent'
        ? found(name, blocked(url))
        : passed(name, detail)
  return { url, workerId, isSilent: false, examined }
}

/** Causes that harm nothing by themselves. */
const MILD = new Set([
  'no_task_dispatched',
  'other_orchestrator_in_use',
  'no_free_slot',
  'type_limit_reached',
])

const findingsIn = (answer: Answer): readonly Finding[] => {
  const list = answer.kind === 'json' && Array.isArray(answer.value) ? answer.value : []
  return list.filter(isObject).map(({ code, cause, evidence, remedy, orchestrator }) => ({
    code: String(code),
    severity: MILD.has(String(code)) ? ('warning' as const) : ('error' as const),
    cause: String(cause),
    evidence: String(evidence),
    remedy: String(remedy),
    ...(typeof orchestrator === 'string' && { orchestrator }),
  }))
}

const notRunning = (url: string, why: string): Finding => ({
  code: 'not_started',
  severity: 'error',
  cause: `No worker answers at ${url}.`,
  evidence: `The connection failed: ${why}.`,
  remedy: 'Start the worker with runWithHealthCheck() or avtomatika-worker run, or correct the address.',
})

const blocked = (url: string): Finding => ({
  code: 'event_loop_blocked',
  severity: 'error',
  cause: 'A handler blocks the event loop of the running worker.',
  evidence: `The port of ${url} accepts connections, but nothing was answered within ${ASK_MS / 1_000} s.`,
  remedy: 'Move long computations into a worker thread or a child process.',
})

const otherProgram = (url: string): Finding => ({
  code: 'port_taken',
  severity: 'error',
  cause: `Another program uses the port of ${url}, so the worker cannot start its health server.`,
  evidence: 'The answer to /status is not that of a worker.',
  remedy: 'Stop the other program, or set WORKER_PORT to a free port.',
})
