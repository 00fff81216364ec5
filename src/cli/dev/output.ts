import type { DevOrchestrator, Job } from '../../dev/index.js'
import { prettyLine } from '../../utils/pretty-line.js'

/** The tokens of this run, as they are shown. */
export interface ShownTokens {
  readonly worker: string
  readonly client: string
}

/** What is shown in place of a token that the user has set. */
export const HIDDEN = '…'

/**
 * Returns the lines with the address of the orchestrator and the commands to use it, ready to paste.
 *
 * @param path - the worker that runs here, too
 */
export const startupLines = (url: string, { worker, client }: ShownTokens, path?: string): string[] => [
  `The development orchestrator listens on ${url}`,
  'It keeps everything in memory. Press Ctrl-C to stop it.',
  '',
  ...(path === undefined
    ? [
        'Start a worker:',
        `  ORCHESTRATOR_URL=${url} WORKER_TOKEN=${worker} npx avtomatika-worker run worker.js`,
      ]
    : [`The worker of ${path} runs here, and is restarted when a file changes.`]),
  'Create a job, in another terminal:',
  `  npx avtomatika-worker send hello '{"name": "you"}' --wait`,
  'The same with curl:',
  `  curl ${url}/api/v1/jobs/one_task -H 'X-Avtomatika-Token: ${client}' \\`,
  `    -d '{"initial_data": {"type": "hello", "params": {"name": "you"}}}'`,
  'Watch workers and jobs in a browser:',
  `  ${url}/#token=${client}`,
  ...(worker === HIDDEN && client === HIDDEN ? [] : TO_KEEP_TOKENS),
  '',
]

const TO_KEEP_TOKENS = [
  'Random tokens are new at each start. To keep yours, set WORKER_TOKEN and CLIENT_TOKEN.',
]

/** How many workers are remembered, to print each once. */
const KNOWN_WORKERS = 10_000
/** Longer lines are cut, in characters. */
const LONGEST_LINE = 500

/** Prints one line of text from the network: a terminal would obey control characters. */
const print = (line: string): void => console.log(line.slice(0, LONGEST_LINE).replace(/\p{Cc}/gu, ' '))

/**
 * Prints a line for each new worker, with its generation of the protocol, and for each job that ends.
 *
 * @param asJson - whether each line is an object with `event`
 */
export const printEvents = (orchestrator: DevOrchestrator, asJson: boolean): void => {
  const known = new Set<string>()
  orchestrator.on('worker', ({ workerId, taskNames, generation }) => {
    const worker = `worker ${workerId} (${generation})`
    if (known.has(worker)) return
    // Worker ids come from the network: without a limit, new ones would fill the memory.
    if (known.size === KNOWN_WORKERS) known.clear()
    known.add(worker)
    if (asJson) console.log(JSON.stringify({ event: 'worker', workerId, taskNames, generation }))
    else print(`${worker} offers ${taskNames.join(', ') || 'no tasks'}`)
  })
  orchestrator.on('job', (job) => {
    const end = endOf(job)
    if (end === undefined) return
    const { id, task, status, state, errorMessage } = job
    if (asJson) console.log(JSON.stringify({ event: 'job', id, task, status, state, error: errorMessage }))
    else print(`job ${id} (${task}): ${end}`)
  })
}

const endOf = ({ status, state, errorMessage }: Job): string | undefined => {
  if (status === 'failed' || status === 'quarantined')
    return `${status}: ${errorMessage ?? 'no reason given'}`
  if (status === 'finished' || status === 'cancelled') return status
  return status === 'running' && state !== 'start' ? state : undefined
}

/** A log line of the worker, as opposed to a line that a handler prints. */
const isLogLine = (line: string): boolean => line.startsWith('{"level":')

/** Returns what prints a line of the worker: a log line is made readable where a person reads it. */
export const linePrinter = (asJson: boolean): ((line: string) => void) => {
  const isReadable = !asJson && process.stdout.isTTY && (process.env['LOG_FORMAT'] || 'auto') === 'auto'
  const hasColors = isReadable && process.stdout.hasColors()
  return (line) => {
    if (isReadable && isLogLine(line)) process.stdout.write(prettyLine(line, hasColors))
    else console.log(line)
  }
}
