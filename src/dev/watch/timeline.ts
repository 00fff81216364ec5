import { hasEnded, type Job } from '../state/job.js'

/** The status of a job in the words of the page. `running`: a worker has taken the task. */
export type ShownStatus =
  | 'waiting'
  | 'queued'
  | 'running'
  | 'done'
  | 'review'
  | 'failed'
  | 'quarantined'
  | 'cancelled'

/** What happened to a job. */
export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly kind: 'created' | 'waiting' | 'queued' | 'started' | 'progress' | 'event' | 'failed' | 'ended'
  /** The number of the attempt, from 1. 0 before the first attempt. */
  readonly attempt: number
  readonly workerId?: string | undefined
  readonly text?: string | undefined
}

/** What is known about one job besides the job itself. */
export interface Track {
  readonly createdMs: number
  startedMs: number | undefined
  endedMs: number | undefined
  attempt: number
  taskId: string | undefined
  /** The worker that has taken the present task. */
  takenBy: string | undefined
  shown: ShownStatus
  readonly entries: TimelineEntry[]
}

/** How many entries of one job are kept: the first half and the last half. */
const MAX_ENTRIES = 200
/** Longer texts are cut, in characters. */
const MAX_TEXT = 2_000

export const newTrack = (nowMs: number): Track => ({
  createdMs: nowMs,
  startedMs: undefined,
  endedMs: undefined,
  attempt: 0,
  taskId: undefined,
  takenBy: undefined,
  shown: 'waiting',
  entries: [],
})

/** Adds an entry. Progress replaces the progress before it. */
export const addEntry = (track: Track, entry: Omit<TimelineEntry, 'attempt'>): void => {
  const { entries, attempt } = track
  const last = entries.at(-1)
  if (entry.kind === 'progress' && last?.kind === 'progress') entries.pop()
  if (entries.length >= MAX_ENTRIES) entries.splice(MAX_ENTRIES / 2, 1)
  entries.push({ ...entry, attempt, ...(entry.text && { text: entry.text.slice(0, MAX_TEXT) }) })
}

/** Returns the status for people. The statuses of the protocol say little about what happens. */
export const shownStatusOf = (job: Job, isTaken: boolean): ShownStatus => {
  switch (job.status) {
    case 'pending':
      return 'waiting'
    case 'waiting_for_worker':
      return isTaken ? 'running' : 'queued'
    case 'finished':
      return 'done'
    case 'cancelled':
    case 'quarantined':
      return job.status
    case 'failed':
    case 'running':
      return shownEndOf(job)
  }
}

/** A job of the first generation stays `running` in its end state, and one of the second generation is `failed` there. */
const shownEndOf = (job: Job): ShownStatus => {
  if (job.state === 'done' || job.state === 'finished') return 'done'
  if (job.state === 'review') return 'review'
  if (job.state === 'cancelled_state') return 'cancelled'
  return job.status === 'failed' || hasEnded(job) ? 'failed' : 'running'
}
