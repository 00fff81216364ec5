import type { Settings } from '../settings.js'
import type { RegisteredTask } from '../tasks/definition.js'
import { limitWarnings } from '../tasks/limit-warnings.js'

/**
 * Lists probable mistakes in the setup of a worker that starts. Pure.
 *
 * @param commands - how many commands have a handler
 */
export const startWarnings = (
  definitions: readonly RegisteredTask[],
  { taskTypeLimits, websocketsEnabled }: Pick<Settings, 'taskTypeLimits' | 'websocketsEnabled'>,
  commands: number,
): readonly string[] => [
  ...limitWarnings(definitions, taskTypeLimits),
  ...(commands > 0 && !websocketsEnabled
    ? ['Command handlers are registered, but no command can come: set WORKER_ENABLE_WEBSOCKETS=true']
    : []),
]
