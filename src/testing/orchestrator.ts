import type { DevOrchestrator } from '../dev/dev-orchestrator.js'
import { startEmbedded } from '../dev/embedded-orchestrator.js'
import type { AnsweredRequest } from '../dev/events.js'
import type { OrchestratorOptions } from '../dev/options.js'
import { AvtomatikaError } from '../errors.js'
import { StateFolder } from './state-folder.js'
import { ChildWorker, type StartWorkerOptions, type WorkerProcess } from './worker-process.js'

/** The options of {@link startOrchestrator} of the test kit. */
export interface TestOrchestratorOptions extends OrchestratorOptions {
  /**
   * Returns whether the test expects a refused request. Other refused requests make `close()` throw. Default: the test expects
   * requests that a fault has affected, and all requests while a fault is active.
   */
  readonly expects?: (request: AnsweredRequest) => boolean
}

/** An embedded orchestrator for one test. */
export interface TestOrchestrator extends DevOrchestrator {
  /** The refused requests that no correct worker or client sends, at most 100. */
  readonly unexpected: readonly AnsweredRequest[]
  /**
   * Starts a worker in its own process, like `avtomatika-worker run FILE`, and waits until it has registered. The next worker after
   * a kill takes over its id and its state directory, as after a restart. `WORKER_ID` and `WORKER_STATE_DIR` in `env` change that.
   *
   * @param file - a file that exports a worker, or starts one
   * @throws AvtomatikaError `WORKER_ENDED`, with the output of the process, if the process ends before the registration
   * @example
   * const worker = await orchestrator.startWorker('worker.ts', { execArgv: ['--import', 'tsx'] })
   */
  startWorker(file: string, options?: StartWorkerOptions): Promise<WorkerProcess>
  /**
   * Kills a worker with SIGKILL, and waits until its process has ended. Its polls end. Its tasks stay as they are.
   *
   * @param worker - a worker of {@link startWorker}. Default: all of them
   */
  killWorker(worker?: WorkerProcess): Promise<void>
  /**
   * Kills the workers of {@link startWorker} and closes the orchestrator.
   *
   * @throws UnexpectedRequestError if there were unexpected requests
   */
  close(): Promise<void>
}

/** A worker or a client has sent a request that the orchestrator refused. Code `UNEXPECTED_REQUEST`. */
export class UnexpectedRequestError extends AvtomatikaError {
  /** The unexpected requests, the oldest first. */
  readonly requests: readonly AnsweredRequest[]

  constructor(requests: readonly AnsweredRequest[]) {
    const lines = requests.map(({ method, path, status }) => `  ${method} ${path} was answered ${status}`)
    super('UNEXPECTED_REQUEST', `Unexpected requests in this test:\n${lines.join('\n')}`)
    this.requests = requests
  }
}

/** Polls of a test are short, so that a worker stops soon. In ms. */
const POLL_HOLD_MS = 500
/** How many unexpected requests are remembered. */
const MAX_REMEMBERED = 100

/**
 * Returns whether no correct worker or client sends such a request. Pure. A 404 about a worker or a job is part of the
 * protocol, and workers ask for tokens to find out the generation.
 */
const isUnexpected = ({ route, status = 0 }: AnsweredRequest): boolean => {
  if (status < 400 || status === 409 || status === 429 || route === 'token') return false
  return status !== 404 || route === undefined
}

/**
 * Starts an embedded orchestrator for one test, on a free port. Polls are held for half a second, and jobs wait for a worker.
 *
 * @throws ConfigError if an option is wrong
 * @example
 * await using orchestrator = await startOrchestrator()
 * const worker = await orchestrator.startWorker('worker.js')
 * await orchestrator.killWorker(worker)
 * const { id } = await orchestrator.createJob({ task: 'resize', params: { width: 320 } })
 * await orchestrator.startWorker('worker.js')
 * await orchestrator.waitForJob(id)
 */
export const startOrchestrator = async ({
  expects,
  ...options
}: TestOrchestratorOptions = {}): Promise<TestOrchestrator> => {
  const embedded = await startEmbedded({ pollHoldMs: POLL_HOLD_MS, waitForWorker: true, ...options })
  const unexpected: AnsweredRequest[] = []
  const workers = new Map<ChildWorker, string>()
  const folder = new StateFolder()
  embedded.on('request', (request) => {
    const isExpected = expects ? expects(request) : request.isBroken || embedded.faults.active.length > 0
    if (isUnexpected(request) && !isExpected && unexpected.length < MAX_REMEMBERED) unexpected.push(request)
  })
  const closeEmbedded = embedded.close.bind(embedded)
  const killAll = async () =>
    void (await Promise.all([...workers.keys()].map((worker) => worker.end('SIGKILL'))))
  return Object.assign(embedded, {
    unexpected,

    async startWorker(file: string, how: StartWorkerOptions = {}): Promise<WorkerProcess> {
      const id = how.env?.['WORKER_ID'] ?? freeId([...workers.values()])
      const worker = new ChildWorker(file, envFor(embedded, id, folder.of(id), how), how)
      workers.set(worker, id)
      void worker.ended.then(() => {
        workers.delete(worker)
        embedded.endPolls(id)
      })
      const ended = worker.ended.then((code) => {
        throw new AvtomatikaError('WORKER_ENDED', `Worker ${file} ended with ${code}:\n${worker.output}`)
      })
      await Promise.race([registrationOf(embedded, id), ended])
      return worker
    },

    async killWorker(worker?: WorkerProcess): Promise<void> {
      if (worker === undefined) await killAll()
      else await [...workers.keys()].find((each) => each === worker)?.end('SIGKILL')
    },

    async close(): Promise<void> {
      await killAll()
      await closeEmbedded()
      folder.remove()
      if (unexpected.length > 0) throw new UnexpectedRequestError(unexpected)
    },
  })
}

/** Resolves when the worker registers. An earlier process with this id may have left a record. */
const registrationOf = (orchestrator: DevOrchestrator, id: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = orchestrator.on('worker', ({ workerId, status }) => {
      if (workerId !== id || status !== 'idle') return
      stop()
      resolve()
    })
  })

/** Returns the id of a killed worker again, so that the next worker is its successor. Pure. @param taken - by living workers */
const freeId = (taken: readonly string[]): string => {
  for (let n = 1; ; n++) if (!taken.includes(`test-worker-${n}`)) return `test-worker-${n}`
}

const envFor = (
  { url, workerToken }: DevOrchestrator,
  id: string,
  stateDir: string,
  { env }: StartWorkerOptions,
): NodeJS.ProcessEnv => ({
  ...process.env,
  ORCHESTRATOR_URL: url,
  WORKER_TOKEN: workerToken,
  WORKER_PORT: '0',
  WORKER_ID: id,
  WORKER_STATE_DIR: stateDir,
  // The polls of a worker end with its process.
  WORKER_POLL_FENCE: 'false',
  ...env,
})
