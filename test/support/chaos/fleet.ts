import { Worker, WorkerConfig, type WorkerOptions } from 'avtomatika-worker'
import { type DevOrchestrator, type OrchestratorOptions, startOrchestrator } from 'avtomatika-worker/dev'
import { pino } from 'pino'
import { onTestFailed, onTestFinished } from 'vitest'
import { FaultProxy } from './fault-proxy.js'

/** An embedded orchestrator and the proxy that a worker has to go through. */
export interface Remote {
  readonly orchestrator: DevOrchestrator
  readonly proxy: FaultProxy
  readonly token: string
  /** What its tasks are signed with; empty for the first generation, which cannot sign. */
  readonly secretKey: string
}

/** Starts an orchestrator behind a proxy for one test, with a token and a key of its own. */
export const remote = async (name: string, options: OrchestratorOptions = {}): Promise<Remote> => {
  const token = `token-of-${name}`
  const secretKey = options.generation === 'classic' ? '' : `key-of-${name}`
  const orchestrator = await startOrchestrator({
    workerToken: token,
    ...(secretKey !== '' && { secretKey }),
    pollHoldMs: 300,
    waitForWorker: true,
    ...options,
  })
  const proxy = await FaultProxy.to(orchestrator.url)
  onTestFinished(async () => {
    await proxy.close()
    await orchestrator.close()
  })
  return { orchestrator, proxy, token, secretKey }
}

export interface FleetSetup extends Omit<WorkerOptions, 'config' | 'logger'> {
  readonly mode?: 'FAILOVER' | 'WATERFALL' | 'ROUND_ROBIN'
  /** By place; default 1 each. */
  readonly weights?: readonly number[]
  readonly variables?: NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>
}

/** A worker of these orchestrators, in this order of priority, for one test, which stops it. */
export const workerOf = (remotes: readonly Remote[], setup: FleetSetup = {}): Worker => {
  const { mode = 'FAILOVER', weights = [], variables, ...options } = setup
  const config = new WorkerConfig({
    WORKER_ID: 'roamer',
    ORCHESTRATORS_CONFIG: remotes.map(({ proxy, token, secretKey }, place) => ({
      url: proxy.url,
      token,
      secretKey,
      priority: place,
      weight: weights[place] ?? 1,
    })),
    MULTI_ORCHESTRATOR_MODE: mode,
    HEARTBEAT_INTERVAL: 0.1,
    WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.01,
    TASK_POLL_ERROR_DELAY: 0.02,
    RESULT_RETRY_INITIAL_DELAY: 0.02,
    WORKER_SHUTDOWN_TIMEOUT: 5,
    ...variables,
  })
  const lines: string[] = []
  onTestFailed(() => console.log(lines.join('')))
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) })
  const worker = new Worker({ ...options, config, logger })
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  return worker
}
