import { Command, InvalidArgumentError, Option } from 'commander'
import type { DevOrchestrator, OrchestratorOptions } from '../dev/index.js'
import { ConfigError } from '../errors.js'
import { endProcess, onShutdownSignals } from '../runtime/shutdown.js'
import { printEvents, startupLines } from './dev-output.js'
import { UsageError } from './fail.js'

/** Returns the command `avtomatika-worker dev`. */
export const devCommand = (): Command =>
  new Command('dev')
    .description('Run an in-memory orchestrator for development.')
    .option('--port <number>', 'port to listen on; 0 chooses a free port', wholeNumber, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allow-remote', 'allow a --host that other machines can reach')
    .addOption(new Option('--worker-token <token>', 'token that workers must send').env('WORKER_TOKEN'))
    .addOption(new Option('--client-token <token>', 'token that clients must send').env('CLIENT_TOKEN'))
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

const dev = async (options: OrchestratorOptions): Promise<void> => {
  const orchestrator = await start(options)
  for (const line of startupLines(orchestrator.url, options)) console.log(line)
  printEvents(orchestrator)
  onShutdownSignals(
    () => void orchestrator.close(),
    () => endProcess(1),
  )
}

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
  'rateLimit.windowMs': '--rate-limit',
  'rateLimit.requests': '--rate-limit',
}

/** Returns the problems with the names of the flags instead of the options. */
const explain = ({ problems }: ConfigError): string =>
  problems
    .map(({ name, value, expected }) => `${FLAGS[name] ?? `--${name}`} ${value}: expected ${expected}`)
    .join('\n')
    .replace('allowRemote: true', '--allow-remote')
