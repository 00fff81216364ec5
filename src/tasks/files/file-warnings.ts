import type { Logger } from '../../utils/logger.js'
import { OnceAMinute } from '../../utils/once-a-minute.js'

/** Why a path in a result stays a path, with what to do about it. */
const REASONS = {
  nowhere: 'there is no such file. Return exactly the path that files.pathTo() returned',
  outside: 'it is outside the task directory. Write the file to a path of files.pathTo()',
  special: 'it is neither a file nor a folder. Return the path of a file',
  link: 'its link leads out of the task directory. Copy the file into the task directory',
  'no store':
    'no store is configured, and the file is removed after the task. Set S3_ENDPOINT_URL, S3_REGION or S3_ACCESS_KEY, or return the content',
} as const

export type WhyNotUploaded = keyof typeof REASONS

/** The task whose result has a path. */
export interface WarnedTask {
  readonly taskName: string
  /** Each line carries the ids of the task. */
  readonly log: Logger
}

/** Paths in the data of one result, by their places, such as `pages[0].image`. */
export type ResultPaths = ReadonlyMap<string, string>

/** A line names no more paths. */
const MOST_SHOWN = 10

/** Longer paths are cut in the log. */
const LONGEST_SHOWN = 300

const shown = (text: string): string =>
  text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text

/** Warns about paths and `s3://` values that stay as they are. Handlers and params decide how many there are. */
export class FileWarnings {
  readonly #log: Logger
  /** Whether the files of all tasks are kept. Then a store is no need. */
  readonly #keepsFiles: boolean
  readonly #lines = new Map<string, OnceAMinute>()
  #isMissingStoreKnown = false

  constructor(log: Logger, keepsFiles: boolean) {
    this.#log = log
    this.#keepsFiles = keepsFiles
  }

  /** Whether {@link paramsWithoutStore} was called: it warns only once. */
  get isMissingStoreKnown(): boolean {
    return this.#isMissingStoreKnown
  }

  /** The params have an `s3://` value, and no store is configured. */
  paramsWithoutStore(taskId: string, uri: string): void {
    if (this.#isMissingStoreKnown) return
    this.#isMissingStoreKnown = true
    this.#log.warn(
      { taskId, uri: shown(uri) },
      'Params with s3:// values are passed on unchanged: no store is configured. Set S3_ENDPOINT_URL, S3_REGION or S3_ACCESS_KEY to download the objects',
    )
  }

  /** Paths in a result are not uploaded. Warns once a minute for each task name and reason. */
  notUploaded(why: WhyNotUploaded, { taskName, log }: WarnedTask, paths: ResultPaths): void {
    if (paths.size === 0 || (why === 'no store' && this.#keepsFiles)) return
    const key = `${why} ${taskName}`
    const line = this.#lines.get(key) ?? new OnceAMinute()
    this.#lines.set(key, line)
    const counted = line.take()
    if (!counted) return
    const first = [...paths].slice(0, MOST_SHOWN).map(([place, path]) => [place, shown(path)])
    log.warn(
      { paths: Object.fromEntries(first), count: paths.size, ...counted },
      `Path in the result is not uploaded: ${REASONS[why]}`,
    )
  }
}
