import { isObject } from '../../utils/json.js'
import type { Generation } from '../generation.js'

/** The second generation gives no tasks to a worker below this reputation. */
const MIN_REPUTATION = 0.3

/** The data that a worker has sent about itself, merged over time, with the names of the protocol. */
export type WireRecord = Readonly<Record<string, unknown>>

/** A worker at one moment. */
export interface WorkerRecord {
  /** The id of the worker. */
  readonly workerId: string
  /** The group of the worker: its `WORKER_TYPE`. */
  readonly workerType: string
  /** The generation of the protocol that the worker uses. */
  readonly generation: Generation
  /** `idle` or `busy`, as the worker reports. `idle` before the first report. */
  readonly status: string
  /** The names of the tasks that the worker can take at this moment. */
  readonly taskNames: readonly string[]
  /** The number of tasks that the worker has in hand, as it reports. */
  readonly load: number
  /** The models and names in the hot cache of the worker. */
  readonly hotCache: readonly string[]
  /** The hot tasks of the worker. */
  readonly hotSkills: readonly string[]
  /** The cost of any task on this worker. `Infinity` if the worker does not report it. */
  readonly cost: number
  /** The cost of single tasks on this worker, by task name. Empty in the first generation. */
  readonly costs: Readonly<Record<string, number>>
  /** Whether the worker receives commands over a WebSocket, as it reported at its registration. */
  readonly websockets: boolean
  /** All data that the worker has sent, with the names of the protocol. */
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

const namesOf = (skills: unknown): string[] =>
  texts(Array.isArray(skills) ? skills.map((skill) => (isObject(skill) ? skill['name'] : skill)) : [])

const costsIn = (capabilities: unknown): Record<string, number> => {
  const costs = isObject(capabilities) ? capabilities['cost_per_skill'] : undefined
  return isObject(costs) ? (costs as Record<string, number>) : {}
}

/** Reads a record. A member that is missing or invalid gets the default of the real orchestrator. */
export const workerFrom = (workerId: string, generation: Generation, record: WireRecord): WorkerRecord => {
  const { worker_type, status, supported_tasks, load, hot_cache, hot_skills, cost, capabilities } = record
  const { supported_skills, current_tasks } = record
  const isRxon = generation === 'rxon'
  return {
    workerId,
    generation,
    workerType: text(worker_type, isRxon ? 'generic' : 'unknown'),
    status: text(status, 'idle'),
    taskNames: isRxon ? namesOf(supported_skills) : texts(supported_tasks),
    load: numberOr(load, isRxon ? texts(current_tasks).length : 0),
    costs: isRxon ? costsIn(capabilities) : {},
    hotCache: texts(hot_cache),
    hotSkills: texts(hot_skills),
    cost: numberOr(cost, Number.POSITIVE_INFINITY),
    websockets: takesCommands(capabilities),
    record,
  }
}

/** Whether a task may be given to this worker now. */
export const canTake = (worker: WorkerRecord, taskName: string): boolean =>
  worker.status === 'idle' && worker.taskNames.includes(taskName) && isTrusted(worker)

/** The second generation gives no tasks to a worker that has failed too often, until it registers again. */
const isTrusted = ({ generation, record }: WorkerRecord): boolean =>
  generation === 'classic' || numberOr(record['reputation'], 1) >= MIN_REPUTATION

const costOf = ({ cost, costs }: WorkerRecord, taskName: string): number =>
  Object.hasOwn(costs, taskName) ? numberOr(costs[taskName], cost) : cost

const isHot = ({ generation, hotCache, hotSkills }: WorkerRecord, taskName: string): boolean =>
  (generation === 'rxon' ? hotSkills : hotCache).includes(taskName)

/**
 * Chooses the worker for a task: a hot worker if there is one, the cheapest of those, and equal workers in turn. As in the
 * real orchestrator, a worker is hot if its `hot_cache` contains the task name, in the second generation its `hot_skills`.
 */
export const chooseWorker = (
  able: readonly WorkerRecord[],
  taskName: string,
  turn: number,
): WorkerRecord | undefined => {
  const hot = able.filter((worker) => isHot(worker, taskName))
  const pool = hot.length > 0 ? hot : able
  const cheapest = Math.min(...pool.map((worker) => costOf(worker, taskName)))
  const equals = pool.filter((worker) => costOf(worker, taskName) === cheapest)
  return equals[turn % equals.length]
}
