import { isObject } from '../../utils/json.js'
import type { WorkerRecord } from '../state/worker.js'

/** The second generation gives no tasks to a worker below this reputation. */
const MIN_REPUTATION = 0.3
/** A worker that holds no poll for this long is not waiting for its slots, in ms. */
const POLL_LATE_MS = 10_000

/** What a view of a worker is made from. */
export interface WorkerFacts {
  readonly worker: WorkerRecord
  /** Whether the orchestrator still knows the worker. */
  readonly isKnown: boolean
  readonly taskNames: readonly string[]
  readonly silentMs: number
  /** Since the last start or end of a poll. `undefined` if there was none. */
  readonly sincePollMs: number | undefined
  readonly openPolls: number
  /** The task names of the jobs that run on the worker. */
  readonly runningTasks: readonly string[]
  /** How many offers wait for the next poll of this worker. */
  readonly queued: number
  readonly workerTtlMs: number
}

/** The slots of one group of tasks. */
export interface SlotView {
  readonly type: string
  readonly tasks: readonly string[]
  readonly running: number
  /** Whether the worker says that it can take one more. */
  readonly hasFree: boolean
}

export interface WorkerView {
  readonly id: string
  readonly type: string
  readonly generation: string
  readonly state: 'ready' | 'busy' | 'not ready' | 'lost'
  /** Why the worker gets no tasks. */
  readonly why: string | undefined
  readonly slots: readonly SlotView[]
  readonly running: number
  readonly maxRunning: number | undefined
  readonly queued: number
  readonly hot: readonly string[]
  readonly load: number
  readonly silentMs: number
  readonly sincePollMs: number | undefined
  readonly isPolling: boolean
  readonly hasSocket: boolean
  readonly hostname: string | undefined
}

/** Returns what the page shows of a worker. Pure. */
export const workerViewOf = (facts: WorkerFacts): WorkerView => {
  const { worker, runningTasks } = facts
  const { hostname } = capabilitiesOf(worker)
  const max = worker.record['max_concurrent_tasks']
  const [state, why] = stateOf(facts)
  return {
    id: worker.workerId,
    type: worker.workerType,
    generation: worker.generation,
    ...{ state, why },
    slots: slotsOf(facts, state === 'ready'),
    running: runningTasks.length,
    maxRunning: typeof max === 'number' ? max : undefined,
    queued: facts.queued,
    hot: [...new Set([...worker.hotCache, ...worker.hotSkills])],
    load: worker.load,
    silentMs: facts.silentMs,
    sincePollMs: facts.sincePollMs,
    isPolling: facts.openPolls > 0,
    hasSocket: worker.websockets,
    hostname: typeof hostname === 'string' ? hostname : undefined,
  }
}

const capabilitiesOf = ({ record }: WorkerRecord): Record<string, unknown> => {
  const { capabilities, hostname } = record
  return { hostname, ...(isObject(capabilities) ? capabilities : {}) }
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

const stateOf = (facts: WorkerFacts): [state: WorkerView['state'], why?: string] => {
  const { worker, isKnown, silentMs, workerTtlMs, taskNames, runningTasks } = facts
  if (!isKnown) return ['lost', whyLost(silentMs, workerTtlMs)]
  if (worker.generation === 'rxon' && reputationOf(worker) < MIN_REPUTATION)
    return [
      'not ready',
      `Too many of its tasks failed: its reputation ${reputationOf(worker).toFixed(2)} is below ${MIN_REPUTATION}. Restart the worker: a registration resets it.`,
    ]
  if (taskNames.length === 0)
    return ['not ready', 'It offers no tasks. Register a task, or remove the pause.']
  if (worker.status === 'offline') return ['not ready', 'It takes no tasks: it shuts down, or is paused.']
  if (worker.status !== 'idle') return ['busy', whyBusy(worker, runningTasks.length)]
  return polling(facts)
}

const whyLost = (silentMs: number, ttlMs: number): string =>
  silentMs >= ttlMs
    ? `No heartbeat for ${seconds(silentMs)}. Its process ended, or cannot reach this address.`
    : 'The orchestrator forgot it. It registers again after its next heartbeat.'

const whyBusy = ({ status }: WorkerRecord, running: number): string =>
  status === 'busy'
    ? `It reports busy: ${running > 0 ? 'all slots are in use' : 'it is paused, or cannot take more tasks'}.`
    : `It reports the status "${status.slice(0, 40)}", and only "idle" gets tasks.`

/** A worker without a free slot holds no poll. */
const polling = ({ openPolls, sincePollMs, runningTasks }: WorkerFacts): [WorkerView['state'], string?] => {
  if (openPolls > 0) return ['ready']
  if (runningTasks.length > 0) return ['busy', 'It holds no poll: all slots are in use.']
  if (sincePollMs === undefined) return ['not ready', 'It has not polled yet.']
  if (sincePollMs < POLL_LATE_MS) return ['ready']
  return [
    'not ready',
    `It has not polled for ${seconds(sincePollMs)}, although it sends heartbeats. It waits after an error, or is blocked.`,
  ]
}

const reputationOf = ({ record }: WorkerRecord): number => {
  const { reputation } = record
  return typeof reputation === 'number' ? reputation : 1
}

const slotsOf = ({ worker, taskNames, runningTasks }: WorkerFacts, isReady: boolean): SlotView[] => {
  const groups = new Map<string, string[]>()
  const types = typesOf(worker)
  for (const name of taskNames) {
    const type = types.get(name) ?? name
    groups.set(type, [...(groups.get(type) ?? []), name])
  }
  const free = freeNamesOf(worker)
  return [...groups].map(([type, tasks]) => ({
    ...{ type, tasks },
    running: runningTasks.filter((name) => tasks.includes(name)).length,
    hasFree: isReady && tasks.some((name) => free.includes(name)),
  }))
}

/** The first generation tells no types, so each task is its own type. */
const typesOf = ({ record }: WorkerRecord): Map<string, string> => {
  const types = new Map<string, string>()
  const { supported_skills: skills } = record
  for (const skill of Array.isArray(skills) ? skills : []) {
    if (isObject(skill) && typeof skill['name'] === 'string' && typeof skill['type'] === 'string')
      types.set(skill['name'], skill['type'])
  }
  return types
}

const freeNamesOf = ({ taskNames, record, generation }: WorkerRecord): readonly unknown[] => {
  const { available_skills: available } = record
  return generation === 'rxon' && Array.isArray(available) ? available : taskNames
}
