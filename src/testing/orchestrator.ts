import type { DevOrchestrator } from '../dev/dev-orchestrator.js'
import { startOrchestrator as startEmbedded } from '../dev/embedded-orchestrator.js'
import type { AnsweredRequest } from '../dev/events.js'
import type { OrchestratorOptions } from '../dev/options.js'
import { AvtomatikaError } from '../errors.js'
import { ChildWorker, type StartWorkerOptions, type WorkerProcess } from './worker-process.js'

/** The options of {@link startOrchestrator} of the test kit. */
export interface TestOrchestratorOptions extends OrchestratorOptions {
  /**
   * Returns whether a refused request is meant to be. Any other one makes `close()` reject. Default: requests that came while
   * a fault went on.
   */
  readonly expects?: (request: AnsweredRequest) => boolean
}

/** An embedded orchestrator for one test. */
export interface TestOrchestrator extends DevOrchestrator {
  /** The requests so far that no worker and no client should send, and that were refused. */
  readonly unexpected: readonly AnsweredRequest[]
  /**
   * Starts the worker of a module in a process of its own, as `avtomatika-worker run FILE` does, and waits until it has
   * registered.
   *
   * @param file - exports a worker, or starts one
   * @throws AvtomatikaError `WORKER_ENDED` with the output of the process, if it ends before that
   */
  startWorker(file: string, options?: StartWorkerOptions): Promise<WorkerProcess>
  /**
   * Kills a worker as `kill -9` does, and waits until its process has ended. Its tasks stay as they are.
   *
   * @param worker - default: all workers that {@link startWorker} has started
   */
  killWorker(worker?: WorkerProcess): Promise<void>
  /**
   * Kills the workers of {@link startWorker} and closes the orchestrator.
   *
   * @throws UnexpectedRequestError if there was an unexpected request
   */
  close(): Promise<void>
}

/** A worker or a client has sent a request that the orchestrator had to refuse. Code `UNEXPECTED_REQUEST`. */
export class UnexpectedRequestError extends AvtomatikaError {
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
 * Starts an orchestrator for one test, on a free port. Polls are held for half a second, jobs wait for a worker. `faults`
 * break it, `advanceClock` moves its clock.
 *
 * @throws ConfigError if an option is wrong
 * @example
 * await using orchestrator = await startOrchestrator()
 * const worker = await orchestrator.startWorker('worker.js')
 * const { id } = await orchestrator.createJob({ task: 'resize', params: { width: 320 } })
 * await orchestrator.killWorker(worker)
 */
export const startOrchestrator = async ({
  expects,
  ...options
}: TestOrchestratorOptions = {}): Promise<TestOrchestrator> => {
  const embedded = await startEmbedded({ pollHoldMs: POLL_HOLD_MS, waitForWorker: true, ...options })
  const unexpected: AnsweredRequest[] = []
  const workers = new Set<ChildWorker>()
  let started = 0
  embedded.on('request', (request) => {
    const isExpected = expects ? expects(request) : request.isBroken || embedded.faults.active.length > 0
    if (isUnexpected(request) && !isExpected && unexpected.length < MAX_REMEMBERED) unexpected.push(request)
  })
  const closeEmbedded = embedded.close.bind(embedded)
  const killAll = async () => void (await Promise.all([...workers].map((worker) => worker.end('SIGKILL'))))
  return Object.assign(embedded, {
    unexpected,

    async startWorker(file: string, how: StartWorkerOptions = {}): Promise<WorkerProcess> {
      const id = how.env?.['WORKER_ID'] ?? `test-worker-${++started}`
      const worker = new ChildWorker(file, envFor(embedded, id, how), how)
      workers.add(worker)
      void worker.ended.then(() => workers.delete(worker))
      const ended = worker.ended.then((code) => {
        throw new AvtomatikaError('WORKER_ENDED', `Worker ${file} ended with ${code}:\n${worker.output}`)
      })
      await Promise.race([registrationOf(embedded, id), ended])
      return worker
    },

    async killWorker(worker?: WorkerProcess): Promise<void> {
      if (worker === undefined) await killAll()
      else await [...workers].find((each) => each === worker)?.end('SIGKILL')
    },

    async close(): Promise<void> {
      await killAll()
      await closeEmbedded()
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

const envFor = (
  { url, workerToken }: DevOrchestrator,
  id: string,
  { env }: StartWorkerOptions,
): NodeJS.ProcessEnv => ({
  ...process.env,
  ORCHESTRATOR_URL: url,
  WORKER_TOKEN: workerToken,
  WORKER_PORT: '0',
  WORKER_ID: id,
  ...env,
})
