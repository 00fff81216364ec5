import { Command, InvalidArgumentError, Option } from 'commander'
import type { DevOrchestrator, OrchestratorOptions } from '../dev/index.js'
import { ConfigError } from '../errors.js'
import { endProcess, onShutdownSignals } from '../runtime/shutdown.js'
import { UsageError } from './fail.js'
import { narrate, welcome } from './narrate.js'

interface DevOptions {
  readonly port: number
  readonly host: string
  readonly allowRemote?: boolean
  readonly workerToken?: string
  readonly clientToken?: string
  readonly rateLimit?: NonNullable<OrchestratorOptions['rateLimit']>
  readonly waitForWorker?: boolean
  readonly generation?: NonNullable<OrchestratorOptions['generation']>
}

/** `avtomatika-worker dev` */
export const devCommand = (): Command =>
  new Command('dev')
    .description('Run an orchestrator in memory, for development: nothing of it survives the process.')
    .option('--port <number>', 'where to listen; 0 takes a free port', wholeNumber, 8080)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--allow-remote', 'allow a --host that other machines can reach')
    .addOption(new Option('--worker-token <token>', 'what workers have to show').env('WORKER_TOKEN'))
    .addOption(new Option('--client-token <token>', 'what clients have to show').env('CLIENT_TOKEN'))
    .option(
      '--rate-limit <requests/seconds>',
      'per worker and path, such as 100/60; without it, none',
      rateLimit,
    )
    .addOption(
      new Option('--generation <which>', 'of the wire; auto goes by what each worker sends')
        .choices(['auto', 'classic', 'rxon'])
        .default('auto'),
    )
    .option('--wait-for-worker', 'keep a job that no worker can take, instead of quarantining it')
    .action(dev)

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.')
  return Number(text)
}

const rateLimit = (text: string): OrchestratorOptions['rateLimit'] => {
  const [, requests, seconds] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (requests === undefined) throw new InvalidArgumentError('It has to be requests/seconds, such as 100/60.')
  return { requests: Number(requests), windowMs: Number(seconds) * 1000 }
}

const dev = async (options: DevOptions): Promise<void> => {
  const orchestrator = await start(options)
  for (const line of welcome(orchestrator.url, options)) console.log(line)
  narrate(orchestrator, console.log)
  onShutdownSignals(
    () => void orchestrator.close(),
    () => endProcess(1),
  )
}

const start = async (options: DevOptions): Promise<DevOrchestrator> => {
  // Only those who ask for it pay for loading it.
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

const explain = ({ problems }: ConfigError): string =>
  problems
    .map(({ name, value, expected }) => `${FLAGS[name] ?? `--${name}`} ${value}: expected ${expected}`)
    .join('\n')
    .replace('allowRemote: true', '--allow-remote')
