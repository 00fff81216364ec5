import type { Slots } from '../../execution/slots.js'
import type { Heartbeat } from '../../protocol/messages.js'
import type { RegisteredTask } from '../../tasks/definition.js'
import type { HotCache } from './hot-cache.js'

/** The parts of a worker that a heartbeat describes. */
export interface LoadSources {
  readonly definitions: readonly RegisteredTask[]
  readonly slots: Slots<unknown>
  readonly hotCache: HotCache
  readonly tasksInHand: Heartbeat['tasksInHand']
  /** False while the worker drains, or cannot take more tasks for another reason. */
  readonly accepting: boolean
  /** Whether a task of this name can be taken, as far as the application knows. Default: yes. */
  readonly hasCapacity?: ((taskName: string) => boolean) | undefined
}

const NOTHING: readonly RegisteredTask[] = []
const always = (): boolean => true

/** What this worker can take at this moment. Pure. */
export const describeLoad = ({
  definitions,
  slots,
  hotCache,
  tasksInHand,
  accepting,
  hasCapacity = always,
}: LoadSources): Heartbeat => {
  const offered = definitions.filter(({ taskType }) => !slots.isTypePaused(taskType))
  const able = accepting
    ? offered.filter(({ name, taskType }) => slots.hasFreeFor(taskType) && hasCapacity(name))
    : NOTHING
  return {
    load: slots.running + slots.waiting,
    accepting,
    tasksInHand,
    status: able.length > 0 ? 'idle' : 'busy',
    taskNames: able.map(({ name }) => name),
    hotCache: hotCache.models,
    skillDependencies: hotCache.dependencies,
    hotSkills: hotCache.skillsAmong(offered.map(({ name }) => name)),
    ...(hotCache.hadSkills && { hadHotSkills: true }),
  }
}

/** The heartbeat for an orchestrator that must send no tasks. Pure. */
export const asBusy = (heartbeat: Heartbeat): Heartbeat => ({
  ...heartbeat,
  accepting: false,
  status: 'busy',
  taskNames: [],
})
