import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isObject } from '../../utils/json.js'

/** The worker process that created a task directory. Other workers can find out whether the process still runs. */
export interface DirectoryOwner {
  readonly workerId: string
  /** The host name; on Linux followed by the PID namespace, because containers may share the name of their host. */
  readonly host: string
  readonly pid: number
  /** The start time of the process in clock ticks, because PIDs are reused. Empty if the system does not report it. */
  readonly started: string
}

/** The content of the marker file of a directory. It is written before the directory is created. */
export interface Marker extends DirectoryOwner {
  /** The name of the directory in `TASK_FILES_DIR`. */
  readonly directory: string
  readonly taskId: string
}

const readOrEmpty = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

/** The start time is field 22. Only field 2 may contain spaces, and it ends with the last parenthesis. */
const startTimeOf = (pid: number): string =>
  readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.split(' ')[20] ?? '')

/** Describes this process as an owner. */
export const thisProcess = (workerId: string): DirectoryOwner => ({
  workerId,
  host: `${hostname()} ${readOrEmpty(() => readlinkSync('/proc/self/ns/pid'))}`.trim(),
  pid: process.pid,
  started: startTimeOf(process.pid),
})

const isRunning = ({ pid, started }: DirectoryOwner): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = startTimeOf(pid)
  // A start that cannot be read proves nothing: this process may have too many open files.
  return started === '' || now === '' || now === started
}

/**
 * Returns whether the process of `owner` is gone, so that `me` may remove its directories. Processes of another machine
 * are not visible: there, only a predecessor with the same worker id counts as gone.
 */
export const isGone = (owner: DirectoryOwner, me: DirectoryOwner): boolean => {
  if (owner.host !== me.host) return owner.workerId === me.workerId
  return !isRunning(owner)
}

const TEXTS = ['workerId', 'host', 'started', 'directory', 'taskId'] as const

/** Parses a marker. Returns `undefined` for invalid text and for a name that leads out of `TASK_FILES_DIR`. */
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
