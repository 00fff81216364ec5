import { wallMs } from '../../utils/time.js'
import type { EventListeners } from '../events.js'
import { hasEnded, type Job } from '../state/job.js'
import type { WorkerRecord } from '../state/worker.js'
import { type HandlerLine, JobLogs, readLine } from './job-logs.js'
import type { AttemptObserver, PollObserver } from './observer.js'
import { Rates } from './rates.js'
import { addEntry, newTrack, shownStatusOf, type Track } from './timeline.js'

/** How many jobs have a timeline. The oldest are dropped first. */
const MAX_TRACKS = 20_000
/** How many workers are remembered after their time to live. */
const MAX_CONTACTS = 500

/** When a worker was in contact, and what it said last. */
export interface Contact {
  /** The last record. It stays after the orchestrator has forgotten the worker. */
  worker: WorkerRecord
  /** Every task that the worker has offered, with or without a free slot. */
  readonly taskNames: Set<string>
  /** Milliseconds since 1970 of the last registration or heartbeat with data. */
  heardMs: number
  /** Milliseconds since 1970 of the last start or end of a poll. */
  polledMs: number | undefined
  openPolls: number
  /** The ids of the jobs whose tasks the worker has taken and not ended. */
  readonly runningJobs: Set<string>
}

/** Receives the names of what changed. */
export interface ChangeSink {
  jobChanged(id: string): void
}

/** Remembers how jobs came to where they are: their timelines, log lines and rates, and when workers were in contact. */
export class Activity implements PollObserver, AttemptObserver {
  readonly rates = new Rates()
  readonly #tracks = new Map<string, Track>()
  readonly #open = new Set<string>()
  readonly #contacts = new Map<string, Contact>()
  readonly #logs = new JobLogs()
  readonly #jobOfTask = new Map<string, string>()
  readonly #sink: ChangeSink

  constructor(listeners: EventListeners, sink: ChangeSink) {
    this.#sink = sink
    listeners.on('job', (job) => this.#jobSaved(job))
    listeners.on('worker', (worker) => this.#workerHeard(worker))
    listeners.on('event', ({ jobId, type, payload, workerId }) => {
      const track = jobId === undefined ? undefined : this.#tracks.get(jobId)
      if (!jobId || !track) return
      addEntry(track, { atMs: wallMs(), kind: 'event', workerId, text: `${type} ${JSON.stringify(payload)}` })
      this.#sink.jobChanged(jobId)
    })
  }

  track(jobId: string): Track | undefined {
    return this.#tracks.get(jobId)
  }

  logsOf(jobId: string): readonly HandlerLine[] {
    return this.#logs.of(jobId)
  }

  /** The ids of the jobs that have not ended, the oldest first. */
  get openJobs(): ReadonlySet<string> {
    return this.#open
  }

  contacts(): Iterable<Contact> {
    return this.#contacts.values()
  }

  contact(workerId: string): Contact | undefined {
    return this.#contacts.get(workerId)
  }

  pollStarted(workerId: string): void {
    const contact = this.#contacts.get(workerId)
    if (!contact) return
    contact.openPolls++
    contact.polledMs = wallMs()
  }

  pollEnded(workerId: string, offer: { job_id?: unknown; task_id?: unknown } | undefined): void {
    const contact = this.#contacts.get(workerId)
    if (contact) {
      contact.openPolls = Math.max(contact.openPolls - 1, 0)
      contact.polledMs = wallMs()
    }
    if (offer) this.#taken(workerId, String(offer.job_id), String(offer.task_id))
  }

  attemptFailed(jobId: string, message: string): void {
    const track = this.#tracks.get(jobId)
    if (track) addEntry(track, { atMs: wallMs(), kind: 'failed', text: message })
  }

  /** Takes one line of a worker's log. A line that is about no known job is passed over. */
  recordLog(line: string): void {
    const read = readLine(line, wallMs())
    const jobId = read?.jobId ?? this.#jobOfTask.get(read?.taskId ?? '')
    if (!read || jobId === undefined || !this.#tracks.has(jobId)) return
    this.#logs.add(jobId, read)
    this.#sink.jobChanged(jobId)
  }

  /** Forgets jobs. */
  drop(jobIds: Iterable<string>): void {
    for (const id of jobIds) this.#drop(id)
  }

  /** Forgets the workers that are no longer known. */
  keepWorkers(isKnown: (workerId: string) => boolean): void {
    for (const id of this.#contacts.keys()) if (!isKnown(id)) this.#contacts.delete(id)
  }

  #jobSaved(job: Job): void {
    const nowMs = wallMs()
    const track = this.#tracks.get(job.id) ?? this.#created(job, nowMs)
    this.#noteDispatch(job, track, nowMs)
    if (job.progress && !hasEnded(job)) {
      const { fraction, message } = job.progress
      const text = `${Math.round(fraction * 100)} %${message && ` ${message}`}`
      addEntry(track, { atMs: nowMs, kind: 'progress', workerId: job.workerId, text })
    }
    const shown = shownStatusOf(job, track.takenBy !== undefined)
    if (hasEnded(job)) this.#noteEnd(job, track, shown, nowMs)
    else if (shown === 'waiting' && (track.shown !== 'waiting' || track.entries.length === 1)) {
      addEntry(track, { atMs: nowMs, kind: 'waiting', text: `Waits for a worker that can take ${job.task}` })
    }
    track.shown = shown
    this.#sink.jobChanged(job.id)
  }

  #created(job: Job, nowMs: number): Track {
    const track = newTrack(nowMs)
    this.#tracks.set(job.id, track)
    this.#open.add(job.id)
    addEntry(track, { atMs: nowMs, kind: 'created' })
    this.rates.created(nowMs)
    if (this.#tracks.size > MAX_TRACKS) this.#dropOldest()
    return track
  }

  #noteDispatch(job: Job, track: Track, nowMs: number): void {
    if (job.status !== 'waiting_for_worker' || job.taskId === track.taskId || !job.taskId) return
    this.#release(job.id, track)
    track.taskId = job.taskId
    track.attempt++
    track.endedMs = undefined
    this.#open.add(job.id)
    this.#jobOfTask.set(job.taskId, job.id)
    addEntry(track, { atMs: nowMs, kind: 'queued', workerId: job.workerId })
  }

  #noteEnd(job: Job, track: Track, shown: Track['shown'], nowMs: number): void {
    const isAgain = track.endedMs !== undefined
    if (isAgain && track.shown === shown) return
    this.#release(job.id, track)
    this.#open.delete(job.id)
    track.endedMs = nowMs
    addEntry(track, { atMs: nowMs, kind: 'ended', workerId: job.workerId, text: endText(job, shown) })
    if (!isAgain) this.rates.ended(nowMs, shown === 'done' || shown === 'review', nowMs - track.createdMs)
  }

  #taken(workerId: string, jobId: string, taskId: string): void {
    const track = this.#tracks.get(jobId)
    if (!track || track.taskId !== taskId || track.endedMs !== undefined) return
    const nowMs = wallMs()
    track.takenBy = workerId
    track.startedMs = nowMs
    if (track.shown === 'queued') track.shown = 'running'
    this.#contacts.get(workerId)?.runningJobs.add(jobId)
    addEntry(track, { atMs: nowMs, kind: 'started', workerId })
    this.#sink.jobChanged(jobId)
  }

  /** No worker runs the present task of the job any more. */
  #release(jobId: string, track: Track): void {
    if (track.takenBy !== undefined) {
      this.#contacts.get(track.takenBy)?.runningJobs.delete(jobId)
    }
    track.takenBy = undefined
    if (track.taskId !== undefined) this.#jobOfTask.delete(track.taskId)
  }

  #workerHeard(worker: WorkerRecord): void {
    const known = this.#contacts.get(worker.workerId)
    const contact = known ?? newContact(worker)
    contact.worker = worker
    contact.heardMs = wallMs()
    for (const name of worker.taskNames) contact.taskNames.add(name)
    if (!known) this.#contacts.set(worker.workerId, contact)
    if (this.#contacts.size > MAX_CONTACTS) this.#forgetMostSilent(worker.workerId)
  }

  #forgetMostSilent(except: string): void {
    let oldest: Contact | undefined
    for (const contact of this.#contacts.values()) {
      if (
        contact.worker.workerId !== except &&
        contact.heardMs < (oldest?.heardMs ?? Number.POSITIVE_INFINITY)
      )
        oldest = contact
    }
    if (oldest) this.#contacts.delete(oldest.worker.workerId)
  }

  #dropOldest(): void {
    const [oldest] = this.#tracks.keys()
    if (oldest !== undefined) this.#drop(oldest)
  }

  #drop(jobId: string): void {
    const track = this.#tracks.get(jobId)
    if (track) this.#release(jobId, track)
    this.#tracks.delete(jobId)
    this.#open.delete(jobId)
    this.#logs.drop(jobId)
  }
}

const newContact = (worker: WorkerRecord): Contact => ({
  worker,
  taskNames: new Set(),
  heardMs: 0,
  polledMs: undefined,
  openPolls: 0,
  runningJobs: new Set(),
})

const endText = ({ errorMessage }: Job, shown: Track['shown']): string =>
  errorMessage === undefined ? shown : `${shown}: ${errorMessage}`
