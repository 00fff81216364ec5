import { existsSync } from 'node:fs'
import { newToken } from '../../dev/access/secrets.js'
import { type DevOrchestrator, type OrchestratorOptions, startOrchestrator } from '../../dev/index.js'
import { ConfigError } from '../../errors.js'
import { endProcess, onShutdownSignals } from '../../runtime/shutdown.js'
import { type DevAddress, publishAddress } from '../dev-address.js'
import { UsageError } from '../fail.js'
import { missingFile } from '../import-module.js'
import { paint } from '../paint.js'
import { startWatched, type WatchedWorker } from '../watch/watched.js'
import { watchKeys } from './keys.js'
import { HIDDEN, linePrinter, printEvents, type ShownTokens, startupLines } from './output.js'

/** What the command line gives. */
export interface DevFlags extends OrchestratorOptions {
  readonly allowHost?: readonly string[]
  readonly json?: boolean
}

/** Runs the orchestrator, and the worker if there is a path, until a signal or the key `q`. */
export const runDev = async (path: string | undefined, flags: DevFlags): Promise<void> => {
  if (path !== undefined && !existsSync(path)) throw missingFile(path)
  const orchestrator = await start(path, flags)
  const { url, workerToken, clientToken } = orchestrator
  const shown = {
    worker: flags.workerToken === undefined ? workerToken : HIDDEN,
    client: flags.clientToken === undefined ? clientToken : HIDDEN,
  }
  // Tokens that the user has chosen are not written to a file.
  const random = { clientToken, ...(flags.workerToken === undefined && { workerToken }) }
  const address = flags.clientToken === undefined ? publishAddress({ url, ...random }) : undefined
  announce(url, shown, path, flags)
  printEvents(orchestrator, flags.json === true)
  const note = (line: string) => {
    if (!flags.json) console.log(paint('dim', line))
  }
  const print = linePrinter(flags.json === true)
  const printed = (line: string) => {
    orchestrator.recordLog(line)
    print(line)
  }
  const worker =
    path === undefined ? undefined : await startWatched(path, environmentFor(orchestrator), note, printed)
  endOnSignal(orchestrator, worker, address)
}

/** Polls have to end within the drain of a worker that is replaced, in ms. */
const POLL_HOLD_MS = 250

const start = async (path: string | undefined, flags: DevFlags): Promise<DevOrchestrator> => {
  const { allowHost: allowedHosts = [], ...options } = flags
  // While the worker is replaced, nobody could take a job. A poll that outlived its worker would swallow the next task.
  const waits = path === undefined ? {} : { waitForWorker: true, pollHoldMs: POLL_HOLD_MS }
  try {
    return await startOrchestrator({ ...randomTokens(), ...options, ...waits, allowedHosts })
  } catch (error) {
    throw error instanceof ConfigError ? wrongFlags(error) : error
  }
}

/** Whoever else uses this machine can connect, and the documented default tokens are public. */
const randomTokens = () => ({ workerToken: newToken(), clientToken: newToken() })

/** The variables of the worker. Those that the user has set win, apart from the address and the token. */
const environmentFor = ({ url, port, workerToken }: DevOrchestrator): NodeJS.ProcessEnv => ({
  WORKER_ID: `dev-${port}`,
  WORKER_PORT: '0',
  // The orchestrator forgets everything with its process, so the journal would only hold back the next worker.
  WORKER_JOURNAL: 'false',
  // The page shows the lines of each job, so it has to read them.
  LOG_FORMAT: 'json',
  ...process.env,
  ORCHESTRATORS_CONFIG: '',
  ORCHESTRATOR_URL: url,
  WORKER_TOKEN: workerToken,
  WORKER_INDIVIDUAL_TOKEN: '',
})

const announce = (url: string, shown: ShownTokens, path: string | undefined, { json }: DevFlags): void => {
  if (json) console.log(JSON.stringify({ event: 'listening', url }))
  else for (const line of startupLines(url, shown, path)) console.log(line)
}

const endOnSignal = (
  orchestrator: DevOrchestrator,
  worker: WatchedWorker | undefined,
  address: DevAddress | undefined,
): void => {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    keys.close()
    address?.remove()
    await worker?.stop(signal)
    await orchestrator.close()
  }
  const keys = watchKeys(process.stdin, {
    restart: () => worker?.restart(),
    quit: () => process.kill(process.pid, 'SIGINT'),
    orchestrator,
  })
  onShutdownSignals(
    (signal) => void end(signal as NodeJS.Signals),
    () => endProcess(1),
  )
}

const FLAGS: Readonly<Record<string, string>> = {
  workerToken: '--worker-token',
  clientToken: '--client-token',
  allowedHosts: '--allow-host',
  'rateLimit.windowMs': '--rate-limit',
  'rateLimit.requests': '--rate-limit',
}

/** Returns the problems with the names of the flags instead of the options. */
const wrongFlags = (error: ConfigError): UsageError => {
  const lines = error.problems.map(
    ({ name, value, expected }) => `${FLAGS[name] ?? `--${name}`} ${value}: expected ${expected}`,
  )
  const isTaken = error.problems.some(({ name }) => name === 'port')
  return new UsageError(lines.join('\n').replace('allowRemote: true', '--allow-remote'), {
    cause: error,
    ...(isTaken && { next: 'npx avtomatika-worker dev --port 0' }),
  })
}
