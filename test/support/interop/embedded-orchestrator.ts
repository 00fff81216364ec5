import { startOrchestrator } from 'avtomatika-worker/dev'
import { clientApi } from './client-api.js'
import { freePort } from './free-port.js'
import type { Generation, OrchestratorOptions, OrchestratorUnderTest } from './orchestrator-under-test.js'

const WORKER_TOKEN = 'token-of-all-workers'
const CLIENT_TOKEN = 'token-of-the-tests'
const SECRET_KEY = 'key-of-the-orchestrator'
const POLL_HOLD_MS = 500

/** Starts the orchestrator that comes with the package. */
export const startEmbeddedOrchestrator = async (
  generation: Generation,
  options: OrchestratorOptions,
): Promise<OrchestratorUnderTest> => {
  const port = await freePort()
  const launch = () =>
    startOrchestrator({
      port,
      generation,
      secretKey: SECRET_KEY,
      workerToken: WORKER_TOKEN,
      clientToken: CLIENT_TOKEN,
      pollHoldMs: options.pollHoldMs ?? POLL_HOLD_MS,
      workerTtlMs: options.workerTtlMs ?? 120_000,
      maxRetries: options.maxRetries ?? 3,
      workerTokens: options.individualTokens ?? {},
      ...(options.rateLimit && { rateLimit: options.rateLimit }),
    })
  let running = await launch()
  return {
    name: `embedded, ${generation}`,
    kind: 'embedded',
    generation,
    url: running.url,
    workerToken: WORKER_TOKEN,
    clientToken: CLIENT_TOKEN,
    secretKey: generation === 'rxon' ? SECRET_KEY : '',
    client: clientApi(running.url, running.clientToken),
    jobsAfterRestart: 'lost',
    forgetWorkers: async () => running.forgetWorkers(),
    async restart(_signal, whileDown) {
      await running.close()
      await whileDown?.()
      running = await launch()
    },
    log: () => '',
    stop: () => running.close(),
  }
}
