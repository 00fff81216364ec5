import { isObject } from '../../utils/json.js'

/** What workers say of themselves, merged over time, under the names of the wire. */
export type WireRecord = Readonly<Record<string, unknown>>

/** A worker at one moment. */
export interface WorkerRecord {
  readonly workerId: string
  readonly workerType: string
  /** `idle` or `busy`, as it says itself; `idle` until it says anything. */
  readonly status: string
  /** The tasks it can take at this moment. */
  readonly taskNames: readonly string[]
  readonly load: number
  readonly hotCache: readonly string[]
  readonly hotSkills: readonly string[]
  readonly cost: number
  /** Whether it registered as one that listens to commands. */
  readonly websockets: boolean
  /** Everything it ever sent, under the names of the wire. */
  readonly record: WireRecord
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
const text = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback)
const numberOr = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback)

const takesCommands = (capabilities: unknown): boolean => {
  if (!isObject(capabilities)) return false
  const { websockets } = capabilities
  return Boolean(websockets)
}

/** Reads a record; what is missing or of the wrong kind gets the default that the real orchestrator assumes. */
export const workerFrom = (workerId: string, record: WireRecord): WorkerRecord => {
  const { worker_type, status, supported_tasks, load, hot_cache, hot_skills, cost, capabilities } = record
  return {
    workerId,
    workerType: text(worker_type, 'unknown'),
    status: text(status, 'idle'),
    taskNames: texts(supported_tasks),
    load: numberOr(load, 0),
    hotCache: texts(hot_cache),
    hotSkills: texts(hot_skills),
    cost: numberOr(cost, Number.POSITIVE_INFINITY),
    websockets: takesCommands(capabilities),
    record,
  }
}

/** Whether a task may be given to this worker now. */
export const canTake = (worker: WorkerRecord, taskName: string): boolean =>
  worker.status === 'idle' && worker.taskNames.includes(taskName)

/**
 * Who gets the task: a worker that is warm for it, among those the cheapest, among those the next one in turn.
 * Warm means what the real orchestrator takes it to mean: the task's name is in `hot_cache`.
 */
export const chooseWorker = (
  able: readonly WorkerRecord[],
  taskName: string,
  turn: number,
): WorkerRecord | undefined => {
  const warm = able.filter((worker) => worker.hotCache.includes(taskName))
  const pool = warm.length > 0 ? warm : able
  const cheapest = Math.min(...pool.map((worker) => worker.cost))
  const equals = pool.filter((worker) => worker.cost === cheapest)
  return equals[turn % equals.length]
}
