import { jsonText } from '../../utils/json.js'
import { wallMs } from '../../utils/time.js'
import type { DevSettings } from '../options.js'
import type { Job } from '../state/job.js'
import type { JobStore } from '../state/job-store.js'
import type { WorkerRecord } from '../state/worker.js'
import type { WorkerStore } from '../state/worker-store.js'
import type { Activity, Contact } from './activity.js'
import { type QueueGroup, QueueSummary } from './queue-summary.js'
import { shownStatusOf } from './timeline.js'
import { type WaitingJob, whyWaiting } from './why-waiting.js'
import { type WorkerView, workerViewOf } from './worker-view.js'

type ShownSettings = Pick<DevSettings, 'workerTtlMs' | 'waitForWorker' | 'generation'>

/** The newest jobs that a page receives. */
const MAX_ROWS = 5_000
/** Longer texts of a row are cut, in characters. */
const MAX_ROW_TEXT = 200

/** Reads the state of the orchestrator as the page shows it. */
export class Overview {
  readonly #settings: ShownSettings
  readonly #jobs: JobStore
  readonly #workers: WorkerStore
  readonly #activity: Activity

  constructor(settings: ShownSettings, jobs: JobStore, workers: WorkerStore, activity: Activity) {
    this.#settings = settings
    this.#jobs = jobs
    this.#workers = workers
    this.#activity = activity
  }

  /** Returns the newest jobs, the newest first. */
  rows(): object[] {
    return this.#jobs.list(MAX_ROWS).map((job) => this.#rowOf(job))
  }

  /** Returns the row of a job, or `undefined` if there is no such job. */
  row(id: string): object | undefined {
    const job = this.#jobs.get(id)
    return job && this.#rowOf(job)
  }

  /** Returns everything about a job. Params and results are texts, because a browser would round large integers. */
  detail(id: string): object | undefined {
    const job = this.#jobs.get(id)
    if (!job) return undefined
    const { extras, tracingContext, history, params } = job
    return {
      ...this.#rowOf(job),
      why: whyWaiting(this.#waiting(job), this.workers()),
      error: job.errorMessage,
      params: jsonText(params, 2),
      result: Object.keys(history).length > 0 ? jsonText(history, 2) : undefined,
      extras: Object.keys(extras).length > 0 ? jsonText(extras, 2) : undefined,
      wire: { status: job.status, state: job.state, generation: job.generation, taskId: job.taskId },
      timeoutMs: job.timeoutMs,
      traceId: tracingContext['traceparent']?.split('-')[1],
      timeline: this.#activity.track(id)?.entries ?? [],
      logs: this.#activity.logsOf(id),
    }
  }

  workers(): WorkerView[] {
    const queued = this.#queuedByWorker()
    return [...this.#activity.contacts()].map((contact) =>
      this.#workerView(contact, queued.get(contact.worker.workerId) ?? 0),
    )
  }

  /** Returns the jobs that do not run yet, by the reason. */
  queue(workers: readonly WorkerView[]): QueueGroup[] {
    const summary = new QueueSummary(workers)
    for (const job of this.#openJobs()) summary.add(this.#waiting(job), this.#createdMs(job.id))
    return summary.groups()
  }

  /** Returns the tasks that the workers offer, with the schemas of their params. */
  tasks(): object[] {
    const tasks = new Map<string, object>()
    for (const { worker, taskNames } of this.#activity.contacts()) {
      if (!this.#workers.get(worker.workerId)) continue
      for (const name of taskNames) tasks.set(name, { name })
    }
    for (const worker of this.#workers.live())
      for (const task of describedTasks(worker)) tasks.set(task.name, task)
    return [...tasks.values()]
  }

  /** Returns the settings that explain what a page shows. */
  settings(): object {
    const { workerTtlMs, waitForWorker, generation } = this.#settings
    return { workerTtlMs, waitForWorker, generation, maxRows: MAX_ROWS }
  }

  #rowOf(job: Job): object {
    const track = this.#activity.track(job.id)
    const { progress, errorMessage } = job
    return {
      id: job.id,
      task: job.task,
      status: shownStatusOf(job, track?.takenBy !== undefined),
      worker: job.workerId,
      priority: job.priority,
      attempt: track?.attempt ?? job.retryCount + 1,
      created: track?.createdMs,
      started: track?.startedMs,
      ended: track?.endedMs,
      fraction: progress?.fraction,
      note: progress?.message.slice(0, MAX_ROW_TEXT),
      error: errorMessage?.slice(0, MAX_ROW_TEXT),
    }
  }

  #waiting(job: Job): WaitingJob {
    const track = this.#activity.track(job.id)
    const status = shownStatusOf(job, track?.takenBy !== undefined)
    return { task: job.task, workerId: job.workerId, status }
  }

  #createdMs(id: string): number {
    return this.#activity.track(id)?.createdMs ?? wallMs()
  }

  *#openJobs(): Generator<Job> {
    for (const id of this.#activity.openJobs) {
      const job = this.#jobs.get(id)
      if (job) yield job
    }
  }

  #queuedByWorker(): Map<string, number> {
    const queued = new Map<string, number>()
    for (const { id, status, workerId } of this.#openJobs()) {
      const isQueued = status === 'waiting_for_worker' && !this.#activity.track(id)?.takenBy
      if (isQueued && workerId) queued.set(workerId, (queued.get(workerId) ?? 0) + 1)
    }
    return queued
  }

  #workerView({ worker, taskNames, runningJobs, ...contact }: Contact, queued: number): WorkerView {
    const nowMs = wallMs()
    const current = this.#workers.get(worker.workerId)
    const silentMs = this.#workers.silentMs(worker.workerId) ?? nowMs - contact.heardMs
    return workerViewOf({
      worker: current ?? worker,
      isKnown: current !== undefined,
      taskNames: [...taskNames],
      silentMs,
      sincePollMs: contact.polledMs === undefined ? undefined : nowMs - contact.polledMs,
      openPolls: contact.openPolls,
      runningTasks: [...runningJobs].map((id) => this.#jobs.get(id)?.task ?? ''),
      queued,
      workerTtlMs: this.#settings.workerTtlMs,
    })
  }
}

interface DescribedTask {
  readonly name: string
  readonly description: unknown
  /** The JSON Schema of the params. */
  readonly schema: unknown
}

/** The first generation sends names only. */
const describedTasks = ({ record }: WorkerRecord): DescribedTask[] => {
  const { supported_skills: skills } = record
  return (Array.isArray(skills) ? skills : []).flatMap((skill) => {
    const { name, description, input_schema: schema } = Object(skill)
    return typeof name === 'string' ? [{ name, description, schema }] : []
  })
}
