import { isObject } from '../utils/json.js'
import { Checks } from './checks.js'
import { count } from './number-kinds.js'
import { settleLimits } from './options.js'
import type { WorkerConfigValues } from './values.js'

/** New limits of a running worker. A limit that is absent stays the same. */
export interface LiveLimits {
  /** The largest number of tasks that run at once, at least 1. */
  maxConcurrentTasks?: number
  /** The largest number of tasks of one type that run at once, by task type. Replaces all limits by type. */
  taskTypeLimits?: Readonly<Record<string, number>>
}

const NAMES = ['maxConcurrentTasks', 'taskTypeLimits']

/**
 * Checks new limits of a running worker, like the options of its constructor.
 *
 * @throws ConfigError that lists every problem
 */
export const settleLiveLimits = (limits: LiveLimits): LiveLimits => {
  // No variable is asked for.
  const checks = new Checks({} as WorkerConfigValues, limits)
  if (!isObject(limits)) checks.refuse('limits', limits, { expected: 'an object' })
  for (const name of Object.keys(limits ?? {})) {
    if (!NAMES.includes(name)) checks.refuse(name, '(unknown)', { expected: `one of ${NAMES.join(', ')}` })
  }
  checks.throwIfAny()
  const { maxConcurrentTasks, taskTypeLimits } = limits
  const settled = {
    ...(maxConcurrentTasks !== undefined && {
      maxConcurrentTasks: checks.settle('maxConcurrentTasks', maxConcurrentTasks, count(1), 1),
    }),
    ...(taskTypeLimits !== undefined && { taskTypeLimits: settleLimits(checks, taskTypeLimits) }),
  }
  checks.throwIfAny()
  return settled
}
