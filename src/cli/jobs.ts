import { type Command, InvalidArgumentError, Option } from 'commander'
import { define } from './define.js'

const seconds = (text: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('Expected a number of seconds above 0.')
}

const count = (text: string): number => {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a whole number from 1 to 99999.')
}

/** Returns a command that talks to the client API of an orchestrator. */
const client = (name: string, description: string): Command =>
  define(name, description)
    .option(
      '--url <url>',
      'URL of the orchestrator (default: ORCHESTRATOR_URL, else that of "dev", else http://localhost:8080)',
    )
    .addOption(
      new Option('--client-token <token>', 'token of the client API (default: that of "dev")').env(
        'CLIENT_TOKEN',
      ),
    )
    .option('--api-path <path>', 'path of the client API', '/api/v1')

const withWait = (command: Command): Command =>
  command
    .option('--wait', 'wait until the job ends; the exit code shows its outcome')
    .option('--timeout <seconds>', 'maximum time to wait', seconds, 300)
    .option('--end-state <names...>', 'additional end states of your blueprints (first generation)')

/** Returns the commands `send`, `jobs`, `job` and `cancel`. */
export const jobCommands = (): readonly Command[] => [
  withWait(
    client('send', 'Create a job of a task.')
      .argument('<task>', 'name of the task; on a real orchestrator, the endpoint of the blueprint')
      .argument('[params]', 'params as JSON, @FILE with JSON, or - for standard input', '{}'),
  )
    .option('--endpoint <path>', 'api_endpoint of the blueprint, if it is not /jobs/TASK')
    .action(async (task, params, options) => (await import('./jobs/send.js')).send(task, params, options)),
  client('jobs', 'List the jobs, the newest first.')
    .option('--limit <number>', 'maximum number of jobs', count, 20)
    .action(async (options) => (await import('./jobs/show.js')).showJobs(options)),
  withWait(client('job', 'Show one job.').argument('<id>', 'id of the job')).action(async (id, options) =>
    (await import('./jobs/show.js')).showJob(id, options),
  ),
  withWait(client('cancel', 'Cancel a job.').argument('<id>', 'id of the job')).action(async (id, options) =>
    (await import('./jobs/show.js')).cancelJob(id, options),
  ),
]
