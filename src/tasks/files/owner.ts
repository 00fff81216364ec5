import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isObject } from '../../utils/json.js'

/** The process of a worker, so that another one can tell whether it still runs. */
export interface Owner {
  readonly workerId: string
  /** The machine; on Linux with its namespace of process ids, as containers share a host's name. */
  readonly host: string
  readonly pid: number
  /** When the process began, in the kernel's ticks: ids are used again. Empty where the system does not tell. */
  readonly started: string
}

/** What is written down about a directory before it is made. */
export interface Marker extends Owner {
  /** Its name in `TASK_FILES_DIR`. */
  readonly directory: string
  readonly taskId: string
}

const attempt = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

/** The 22nd field; those before may hold spaces only up to the last parenthesis. */
const startOf = (pid: number): string =>
  attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.split(' ')[20] ?? '')

/** This process. */
export const thisOwner = (workerId: string): Owner => ({
  workerId,
  host: `${hostname()} ${attempt(() => readlinkSync('/proc/self/ns/pid'))}`.trim(),
  pid: process.pid,
  started: startOf(process.pid),
})

const isRunning = ({ pid, started }: Owner): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process may not be asked, and is there.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return started === '' || startOf(pid) === started
}

/**
 * Whether what `owner` made may be cleared away by `me`: its process is gone. On another machine that cannot be seen;
 * there only a predecessor under the same worker id counts as gone.
 */
export const isGone = (owner: Owner, me: Owner): boolean => {
  if (owner.host !== me.host) return owner.workerId === me.workerId
  return !isRunning(owner)
}

const TEXTS = ['workerId', 'host', 'started', 'directory', 'taskId'] as const

/** Reads a marker; `undefined` for what is none, or would lead out of the directory. */
export const parseMarker = (text: string): Marker | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || !Number.isInteger(value['pid'])) return undefined
    if (!TEXTS.every((name) => typeof value[name] === 'string')) return undefined
    const marker = value as unknown as Marker
    return /^[\w%-][\w.%~-]*$/.test(marker.directory) ? marker : undefined
  } catch {
    return undefined
  }
}
