import { readFileSync, statSync } from 'node:fs'
import { newToken } from '../../dev/access/secrets.js'
import { type Job, startOrchestrator } from '../../dev/index.js'
import { parseWide } from '../../utils/exact-json.js'
import { isObject, jsonText } from '../../utils/json.js'
import type { Worker } from '../../worker.js'
import { EXIT } from '../exit-codes.js'
import { NAME, UsageError } from '../fail.js'
import { importModule } from '../import-module.js'
import { workerOfFolder } from '../task-folder.js'
import { workerIn } from '../worker-in.js'

/** The flags of `avtomatika-worker replay`. */
export interface ReplayFlags {
  /** The port for the debugger; `true` without one. */
  readonly inspect?: string | boolean
  readonly json?: boolean
}

/** A debugger may stop the handler for as long as it likes, in ms: a day. */
const TIMEOUT_MS = 86_400_000

/** Runs the task once, against an orchestrator in this process. No other orchestrator hears of it. */
export const runReplay = async (
  file: string,
  path: string,
  { inspect, json }: ReplayFlags,
): Promise<void> => {
  const { taskName, params } = readSaved(file)
  await using orchestrator = await startOrchestrator({
    maxRetries: 0,
    pollHoldMs: 200,
    workerToken: newToken(),
  })
  useOrchestrator(orchestrator.url, orchestrator.workerToken)
  // Log lines go to standard output, too, and `--json` prints nothing else there.
  process.env['LOG_LEVEL'] ??= json ? 'silent' : 'warn'
  if (inspect !== undefined) await waitForDebugger(inspect === true ? 9229 : Number(inspect))
  const worker = await loadWorker(path)
  await worker.start()
  try {
    await orchestrator.waitForWorker()
    const { id } = await orchestrator.createJob({ task: taskName, params, timeoutMs: TIMEOUT_MS })
    print(await orchestrator.waitForJob(id, { timeoutMs: Number.POSITIVE_INFINITY }), taskName, json)
  } finally {
    await worker.stop({ pollGraceMs: 0 })
  }
}

const readSaved = (file: string): { readonly taskName: string; readonly params: object } => {
  let value: unknown
  try {
    value = parseWide(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`Cannot read the failed task in ${file}: ${code ?? message}`, { next: `ls ${file}` })
  }
  const { version, taskName, params } = isObject(value) ? value : {}
  if (version === 1 && typeof taskName === 'string' && isObject(params)) return { taskName, params }
  throw new UsageError(
    `Cannot replay ${file}: the file has no failed task. Set WORKER_SAVE_FAILED=failed, and start the worker.`,
    { next: 'WORKER_SAVE_FAILED=failed npx avtomatika-worker run worker.js' },
  )
}

/** The worker reads these variables when its module is loaded. The store and the limits stay those of the user. */
const useOrchestrator = (url: string, token: string): void => {
  Object.assign(process.env, {
    ORCHESTRATOR_URL: url,
    ORCHESTRATORS_CONFIG: '',
    ORCHESTRATOR_PROTOCOL: 'auto',
    ORCHESTRATOR_SECRET_KEY: '',
    TASK_MAX_AGE: '',
    WORKER_TOKEN: token,
    WORKER_INDIVIDUAL_TOKEN: '',
    WORKER_ID: `replay-${process.pid}`,
    WORKER_JOURNAL: 'false',
    WORKER_SAVE_FAILED: '',
  })
}

const waitForDebugger = async (port: number): Promise<void> => {
  const { open } = await import('node:inspector')
  open(port, '127.0.0.1', true)
}

const loadWorker = async (path: string): Promise<Worker> => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return workerOfFolder(path, console.error)
  const worker = workerIn(await importModule(path))
  if (worker?.state === 'created') return worker
  throw new UsageError(
    worker
      ? `Cannot replay with ${path}: the file starts its worker. Export the worker instead.`
      : `Cannot replay with ${path}: the file exports no worker.`,
    { next: `${NAME} run ${path}` },
  )
}

const print = ({ status, state, history, errorMessage }: Job, task: string, json = false): void => {
  const hasFailed = status === 'failed' || status === 'quarantined'
  const error = errorMessage ?? null
  if (json) console.log(jsonText({ task, status, state, result: history, error }))
  else if (hasFailed) console.log(`Task "${task}" failed again: ${error ?? 'no reason given'}`)
  else console.log(`Task "${task}" ended: ${state}\n${jsonText(history, 2)}`)
  process.exitCode = hasFailed ? EXIT.jobFailed : EXIT.done
}
