import { Command, InvalidArgumentError, Option } from 'commander'
import { newToken } from '../dev/access/secrets.js'
import type { DevOrchestrator, OrchestratorOptions } from '../dev/index.js'
import { ConfigError } from '../errors.js'
import { endProcess, onShutdownSignals } from '../runtime/shutdown.js'
import { HIDDEN, printEvents, startupLines } from './dev-output.js'
import { UsageError } from './fail.js'

const RANDOM = '(default: a random token)'

/** What the command line gives. */
interface DevFlags extends OrchestratorOptions {
  readonly allowHost?: readonly string[]
}

/** Returns the command `avtomatika-worker dev`. */
export const devCommand = (): Command =>
  new Command('dev')
    .description('Run an in-memory orchestrator for development.')
    .option('--port <number>', 'port to listen on; 0 chooses a free port', wholeNumber, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allow-remote', 'allow a --host that other machines can reach')
    .option('--allow-host <names...>', 'also answer requests to these names, such as host.docker.internal')
    .addOption(
      new Option('--worker-token <token>', `token that workers must send ${RANDOM}`).env('WORKER_TOKEN'),
    )
    .addOption(
      new Option('--client-token <token>', `token that clients must send ${RANDOM}`).env('CLIENT_TOKEN'),
    )
    .option(
      '--rate-limit <requests/seconds>',
      'limit for each worker and path, such as 100/60 (default: no limit)',
      rateLimit,
    )
    .addOption(
      new Option('--generation <which>', 'generation of the wire protocol; auto detects that of each worker')
        .choices(['auto', 'classic', 'rxon'])
        .default('auto'),
    )
    .option('--wait-for-worker', 'keep a job until a worker can take it, instead of quarantining it')
    .action(dev)

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

const rateLimit = (text: string): OrchestratorOptions['rateLimit'] => {
  const [, requests, seconds] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (requests === undefined) throw new InvalidArgumentError('Expected requests/seconds, such as 100/60.')
  return { requests: Number(requests), windowMs: Number(seconds) * 1000 }
}

const dev = async ({ allowHost: allowedHosts = [], ...options }: DevFlags): Promise<void> => {
  const orchestrator = await start({ ...randomTokens(), ...options, allowedHosts })
  const { url, workerToken, clientToken } = orchestrator
  const shown = {
    worker: options.workerToken === undefined ? workerToken : HIDDEN,
    client: options.clientToken === undefined ? clientToken : HIDDEN,
  }
  for (const line of startupLines(url, shown)) console.log(line)
  printEvents(orchestrator)
  onShutdownSignals(
    () => void orchestrator.close(),
    () => endProcess(1),
  )
}

/** Whoever else uses this machine can connect, and the documented default tokens are public. */
const randomTokens = () => ({ workerToken: newToken(), clientToken: newToken() })

const start = async (options: OrchestratorOptions): Promise<DevOrchestrator> => {
  // The other commands do not load the orchestrator.
  const { startOrchestrator } = await import('../dev/index.js')
  try {
    return await startOrchestrator(options)
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(explain(error), { cause: error }) : error
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  workerToken: '--worker-token',
  clientToken: '--client-token',
  allowedHosts: '--allow-host',
  'rateLimit.windowMs': '--rate-limit',
  'rateLimit.requests': '--rate-limit',
}

/** Returns the problems with the names of the flags instead of the options. */
const explain = ({ problems }: ConfigError): string =>
  problems
    .map(({ name, value, expected }) => `${FLAGS[name] ?? `--${name}`} ${value}: expected ${expected}`)
    .join('\n')
    .replace('allowRemote: true', '--allow-remote')
