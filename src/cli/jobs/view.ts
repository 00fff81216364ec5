import type { ClientJob } from '../../client/index.js'
import { jsonText } from '../../utils/json.js'
import { EXIT, type ExitName } from '../exit-codes.js'
import { paint } from '../paint.js'

/** A job as `--json` prints it. Members that the orchestrator does not tell are `null`. */
export const viewOf = (job: ClientJob): object => ({
  id: job.id,
  status: job.status,
  state: job.state ?? null,
  outcome: job.outcome ?? null,
  result: job.result ?? null,
  error: job.error ?? null,
  progress: job.progress ?? null,
  retryCount: job.retryCount ?? null,
  taskId: job.taskId ?? null,
  workerId: job.workerId ?? null,
})

const EXITS = {
  finished: 'done',
  failed: 'jobFailed',
  quarantined: 'jobQuarantined',
  cancelled: 'jobCancelled',
} as const satisfies Readonly<Record<NonNullable<ClientJob['outcome']>, ExitName>>

/** Returns the exit code for the end of a job. A job that goes on is no failure. Pure. */
export const exitCodeOf = ({ outcome }: ClientJob): number => (outcome ? EXIT[EXITS[outcome]] : EXIT.done)

const COLORS = { finished: 'green', failed: 'red', quarantined: 'red', cancelled: 'yellow' } as const

/** Control characters from the network must not reach a terminal. */
export const plain = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')

/** Returns the end of a job, or where it is, as one word. */
export const endOf = ({ outcome, status }: ClientJob): string =>
  outcome ? paint(COLORS[outcome], outcome) : plain(status)

/** Returns a job as lines for a person. */
export const jobLines = (job: ClientJob): readonly string[] => {
  const { id, state, result, error, progress, workerId, retryCount } = job
  const lines: [string, string | undefined][] = [
    ['job', id],
    ['status', endOf(job)],
    ['state', state],
    ['worker', workerId],
    ['retries', retryCount ? String(retryCount) : undefined],
    ['progress', progress && !job.outcome ? progressText(progress) : undefined],
    ['error', error],
  ]
  return [
    ...lines.flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.padEnd(9)}${name === 'status' ? value : plain(value)}`],
    ),
    // JSON escapes control characters.
    ...(result === undefined ? [] : [jsonText(result, 2)]),
  ]
}

/** Returns a progress such as ` 40 % half of the pages`. */
export const progressText = ({ fraction, message }: { fraction: number; message: string }): string =>
  `${String(Math.round(fraction * 100)).padStart(3)} % ${plain(message)}`.trimEnd()
