import { type Command, InvalidArgumentError, Option } from 'commander'
import { define } from './define.js'

const RANDOM = '(default: a random token)'

/** Returns the command `avtomatika-worker dev [FILE]`. */
export const devCommand = (): Command =>
  define('dev', 'Run an in-memory orchestrator for development, and a worker that is restarted on save.')
    .argument(
      '[path]',
      'the worker to run: a file or a folder, as for "run"; without it, only the orchestrator runs',
    )
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
    .option(
      '--wait-for-worker',
      'keep a job until a worker can take it, and do not quarantine it; always on with a path',
    )
    .action(async (path, options) => (await import('./dev/run-dev.js')).runDev(path, options))

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.')
  return Number(text)
}

const rateLimit = (text: string): { readonly requests: number; readonly windowMs: number } => {
  const [, requests, seconds] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (requests === undefined) throw new InvalidArgumentError('Expected requests/seconds, such as 100/60.')
  return { requests: Number(requests), windowMs: Number(seconds) * 1000 }
}
