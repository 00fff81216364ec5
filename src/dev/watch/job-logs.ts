import { isObject } from '../../utils/json.js'

/** One log line of a handler. */
export interface HandlerLine {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly text: string
}

/** What a log line says, and about which task. */
export interface ReadLine extends HandlerLine {
  readonly jobId: string | undefined
  readonly taskId: string | undefined
}

const LEVELS: Readonly<Record<number, HandlerLine['level']>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
/** Longer lines are cut, in characters. */
const MAX_TEXT = 4_000
const MAX_LINES_OF_JOB = 1_000
const MAX_LINES = 50_000

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/**
 * Reads one line as the worker writes it: a JSON object with `level`, `time`, `msg`, and `jobId` for a line about a task.
 *
 * @returns `undefined` if the line is no such object, or is about no job
 */
export const readLine = (line: string, nowMs: number): ReadLine | undefined => {
  const record = parsed(line)
  const jobId = textOr(record?.['jobId'])
  const taskId = textOr(record?.['taskId'])
  if (!record || (jobId === undefined && taskId === undefined)) return undefined
  const { level, time, msg, err, pid, hostname, jobId: _job, taskId: _task, taskName, ...fields } = record
  const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
  const text = `${textOr(msg) ?? ''}${more}${errorText(err)}`
  return {
    ...{ jobId, taskId },
    atMs: typeof time === 'number' ? time : nowMs,
    level: LEVELS[Number(level)] ?? 'info',
    text: text.slice(0, MAX_TEXT),
  }
}

const parsed = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith('{')) return undefined
  try {
    const record: unknown = JSON.parse(line)
    return isObject(record) ? record : undefined
  } catch {
    return undefined
  }
}

const errorText = (error: unknown): string => {
  if (!isObject(error)) return ''
  const { stack, message } = error
  return `\n${textOr(stack) ?? textOr(message) ?? JSON.stringify(error)}`
}

/** The log lines of the last jobs. The lines of the oldest job are dropped first. */
export class JobLogs {
  readonly #byJob = new Map<string, HandlerLine[]>()
  #size = 0

  add(jobId: string, { atMs, level, text }: HandlerLine): void {
    const lines = this.#byJob.get(jobId) ?? []
    this.#byJob.set(jobId, lines)
    lines.push({ atMs, level, text })
    this.#size++
    if (lines.length > MAX_LINES_OF_JOB) {
      lines.shift()
      this.#size--
    }
    this.#dropOldest(jobId)
  }

  of(jobId: string): readonly HandlerLine[] {
    return this.#byJob.get(jobId) ?? []
  }

  drop(jobId: string): void {
    this.#size -= this.of(jobId).length
    this.#byJob.delete(jobId)
  }

  #dropOldest(except: string): void {
    for (const id of this.#byJob.keys()) {
      if (this.#size <= MAX_LINES) return
      if (id !== except) this.drop(id)
    }
  }
}
