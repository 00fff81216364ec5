import { Events } from '../../../src/events.js'
import { RepeatedOffers } from '../../../src/execution/repeated-offers.js'
import { Slots } from '../../../src/execution/slots.js'
import type { TaskInHand, TaskSource } from '../../../src/execution/task-in-hand.js'
import { TaskReports } from '../../../src/execution/task-reports.js'
import { TaskStats } from '../../../src/execution/task-stats.js'
import { TasksInHand } from '../../../src/execution/tasks-in-hand.js'
import type { TaskOffer } from '../../../src/protocol/messages.js'
import { type Handler, TaskRegistry } from '../../../src/tasks/definition.js'
import { StartContext } from '../../../src/utils/start-context.js'
import { Wake } from '../../../src/utils/wake.js'
import { idleTools } from '../context-tools.js'
import { unusedDirectories } from '../files/unused-directories.js'
import { linesOf } from '../log-lines.js'
import { UNWATCHED } from '../unwatched.js'

export const offerOf = (taskId: string, more: Partial<TaskOffer> = {}): TaskOffer => ({
  taskId,
  jobId: `job of ${taskId}`,
  taskName: 'work',
  params: {},
  priority: 0,
  tracingContext: {},
  ...more,
})

/** An orchestrator that takes every result at once. */
export const sourceAt = (url: string, more: Partial<TaskSource> = {}): TaskSource => ({
  url,
  workerId: 'w1',
  limits: { quietMs: () => 0, isLimited: () => false },
  deliver: async () => ({ kind: 'taken' as const }),
  uplink: { progress: () => {}, emit: () => {}, settle: () => {} },
  ...more,
})

export const GRACE_MS = 5_000

/** The tasks of a worker with one handler, for the task name "work", and perhaps a limit of how many run at once. */
export const tasksWith = (handler: Handler, limit = 10) => {
  const { logger: log, lines } = linesOf()
  const registry = new TaskRegistry()
  registry.add({ name: 'work', taskType: 'only', params: undefined, handler })
  const parts = {
    slots: new Slots<TaskInHand>({ global: 10, byType: { only: limit } }),
    repeats: new RepeatedOffers<TaskInHand>(),
    directories: unusedDirectories(),
    events: new Events(() => {}),
    wake: new Wake(),
    log,
  }
  const tasks = new TasksInHand({
    ...parts,
    cancelGraceMs: GRACE_MS,
    surroundings: { ...parts, registry, tools: idleTools(log), watch: UNWATCHED },
    watch: { ended: () => {} },
    reports: new TaskReports(parts.events, log, new TaskStats(registry)),
    strays: { run: (_, work) => work() },
    tracing: { current: undefined },
    context: new StartContext(),
  })
  return { ...parts, tasks, lines }
}
