import type { ClientJob, JobClient } from '../../client/index.js'
import { taskNameOf } from '../../client/task-name.js'
import { jsonText } from '../../utils/json.js'
import { NAME } from '../fail.js'
import { type AskOffered, type ClientFlags, withClient } from './connect.js'
import { StartWatch } from './start-watch.js'
import { endOf, exitCodeOf, jobLines, plain, progressText, viewOf } from './view.js'

/** The flags of a command that may wait for a job. */
export interface WaitFlags extends ClientFlags {
  readonly wait?: boolean
  /** In seconds. */
  readonly timeout: number
  readonly endState?: readonly string[]
}

/** Prints one job. With `--wait`, the exit code says how it ended. */
export const showJob = async (id: string, flags: WaitFlags): Promise<void> => {
  await withClient(flags, async (client, askOffered) => {
    if (flags.wait) return printEnd(client, id, flags, askOffered)
    const { endState } = flags
    print(await client.get<Record<string, unknown>>(id, { ...(endState && { endStates: endState }) }), flags)
  })
}

/** Prints the jobs, one a line; as JSON, one list. */
export const showJobs = async (flags: ClientFlags & { readonly limit: number }): Promise<void> => {
  const jobs = await withClient(flags, (client) => client.list({ limit: flags.limit }))
  if (flags.json) console.log(jsonText(jobs.map(viewOf)))
  else if (jobs.length === 0) console.log(`There are no jobs.\nNext: ${NAME} send TASK`)
  else for (const job of jobs) console.log(lineOf(job))
}

const lineOf = (job: ClientJob): string => {
  const task = taskNameOf(job.raw) ?? job.blueprint ?? ''
  return [job.id, plain(task), endOf(job), plain(job.error ?? '').slice(0, 100)].join('  ').trimEnd()
}

/** Cancels a job. With `--wait`, prints the job when it has ended. */
export const cancelJob = async (id: string, flags: WaitFlags): Promise<void> => {
  await withClient(flags, async (client, askOffered) => {
    const receipt = await client.cancel(id)
    if (flags.wait) return printEnd(client, id, flags, askOffered)
    if (flags.json) console.log(JSON.stringify({ id, cancellation: receipt }))
    else console.log(`Cancellation of job ${id} ${receipt === 'sent' ? 'sent to its worker' : 'accepted'}.`)
  })
}

/**
 * Waits for the end of a job, prints it and sets the exit code. Progress, and why the job does not start, go to standard
 * error.
 */
export const printEnd = async (
  client: JobClient,
  id: string,
  { timeout, endState, json }: WaitFlags,
  askOffered: AskOffered,
): Promise<void> => {
  const start = new StartWatch(askOffered, (line) => console.error(line))
  try {
    const job = await client.wait<Record<string, unknown>>(id, {
      timeoutMs: timeout * 1_000,
      ...(endState && { endStates: endState }),
      ...(!json && {
        onProgress: (progress) => console.error(progressText(progress)),
        onChange: (changed) => start.changed(changed),
      }),
    })
    print(job, { json })
    process.exitCode = exitCodeOf(job)
  } finally {
    start.close()
  }
}

const print = (job: ClientJob, { json }: { readonly json?: boolean | undefined }): void => {
  if (json) console.log(jsonText(viewOf(job)))
  else for (const line of jobLines(job)) console.log(line)
}
