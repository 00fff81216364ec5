import { isObject } from '../../utils/json.js'
import type { Generation } from '../generation.js'

/** Below it the second generation gives a worker no tasks. */
const MIN_REPUTATION = 0.3

/** What workers say of themselves, merged over time, under the names of the wire. */
export type WireRecord = Readonly<Record<string, unknown>>

/** A worker at one moment. */
export interface WorkerRecord {
  readonly workerId: string
  readonly workerType: string
  /** The family of the wire that it speaks. */
  readonly generation: Generation
  /** `idle` or `busy`, as it says itself; `idle` until it says anything. */
  readonly status: string
  /** The tasks it can take at this moment. */
  readonly taskNames: readonly string[]
  readonly load: number
  readonly hotCache: readonly string[]
  readonly hotSkills: readonly string[]
  /** What any task costs on it; `Infinity` when it does not say. */
  readonly cost: number
  /** What single tasks cost on it, by name; the second generation's. */
  readonly costs: Readonly<Record<string, number>>
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

const namesOf = (skills: unknown): string[] =>
  texts(Array.isArray(skills) ? skills.map((skill) => (isObject(skill) ? skill['name'] : skill)) : [])

const costsIn = (capabilities: unknown): Record<string, number> => {
  const costs = isObject(capabilities) ? capabilities['cost_per_skill'] : undefined
  return isObject(costs) ? (costs as Record<string, number>) : {}
}

/** Reads a record; what is missing or of the wrong kind gets the default that the real orchestrator assumes. */
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

/** The second generation gives nothing to a worker that has failed too often, until it registers again. */
const isTrusted = ({ generation, record }: WorkerRecord): boolean =>
  generation === 'classic' || numberOr(record['reputation'], 1) >= MIN_REPUTATION

const costOf = ({ cost, costs }: WorkerRecord, taskName: string): number =>
  Object.hasOwn(costs, taskName) ? numberOr(costs[taskName], cost) : cost

const isWarm = ({ generation, hotCache, hotSkills }: WorkerRecord, taskName: string): boolean =>
  (generation === 'rxon' ? hotSkills : hotCache).includes(taskName)

/**
 * Who gets the task: a worker that is warm for it, among those the cheapest, among those the next one in turn.
 * Warm means what the real orchestrator takes it to mean: the task's name is in `hot_cache`, or in `hot_skills` in the
 * second generation.
 */
export const chooseWorker = (
  able: readonly WorkerRecord[],
  taskName: string,
  turn: number,
): WorkerRecord | undefined => {
  const warm = able.filter((worker) => isWarm(worker, taskName))
  const pool = warm.length > 0 ? warm : able
  const cheapest = Math.min(...pool.map((worker) => costOf(worker, taskName)))
  const equals = pool.filter((worker) => costOf(worker, taskName) === cheapest)
  return equals[turn % equals.length]
}
