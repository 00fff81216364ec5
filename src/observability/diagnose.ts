import type { Connection } from '../connections/connection.js'
import type { Connections } from '../connections/connections.js'
import type { Generation } from '../protocol/protocol.js'
import { monotonicMs, within } from '../utils/time.js'
import { diagnoseConnection } from './diagnose-connection.js'
import type { DiagnoseOptions, Diagnosis, DiagnosisCode } from './diagnosis.js'
import type { Observed } from './observed.js'
import { taskTypesIn } from './snapshot.js'

const FIVE_MINUTES_MS = 300_000
/** An answered poll counts as recent for this long after the longest time that a poll takes, in ms. */
const SPARE_MS = 60_000
/** How long an orchestrator may take to show its generation, in ms. */
const ASK_MS = 2_000

/** All causes, from the most to the least decisive. */
const ORDER: readonly DiagnosisCode[] = [
  'not_started',
  'stopped',
  'draining',
  'paused',
  'no_capacity',
  'event_loop_blocked',
  'results_waiting',
  'journal_trouble',
  'disk_full',
  'wrong_generation',
  'token_refused',
  'rate_limited',
  'not_registered',
  'polls_failing',
  'held_off',
  'clock_skew',
  'no_free_slot',
  'type_limit_reached',
  'unknown_task_names',
  'no_task_dispatched',
  'other_orchestrator_in_use',
]

/** Returns the causes why this worker gets no tasks, the most decisive first. Empty if there is none. */
export const diagnose = async (
  observed: Observed,
  { noTaskForMs = FIVE_MINUTES_MS }: DiagnoseOptions = {},
): Promise<readonly Diagnosis[]> => {
  const stopped = diagnoseState(observed)
  if (stopped) return [stopped]
  const { connections } = observed
  const found = [
    ...diagnoseWorker(observed),
    ...diagnoseSlots(observed),
    ...(connections ? await diagnoseConnections(observed, connections, noTaskForMs) : []),
    ...diagnoseNames(observed),
  ]
  const rank = ({ code }: Diagnosis) => ORDER.indexOf(code)
  return found.sort((one, other) => rank(one) - rank(other))
}

const diagnoseState = ({ state }: Observed): Diagnosis | undefined => {
  switch (state) {
    case 'running':
      return undefined
    case 'created':
      return {
        code: 'not_started',
        cause: 'The worker has not been started.',
        evidence: 'Its state is created.',
        remedy: 'Call run(), runWithHealthCheck() or start().',
      }
    case 'draining':
      return {
        code: 'draining',
        cause: 'The worker is shutting down and takes no new tasks.',
        evidence: 'Its state is draining: stop() was called, or the process got SIGINT or SIGTERM.',
        remedy: 'Wait for its end, and start another worker.',
      }
    case 'stopped':
      return {
        code: 'stopped',
        cause: 'The worker has stopped for good.',
        evidence: 'Its state is stopped.',
        remedy: 'Make and start a new worker.',
      }
  }
}

/** What keeps the worker itself from taking tasks. */
const diagnoseWorker = (observed: Observed): readonly Diagnosis[] => {
  const { watch, delivery, journal, directories, takeover } = observed
  const found: Diagnosis[] = []
  if (watch.blockage) {
    const names = watch.blockage.taskNames.map((name) => `"${name}"`).join(', ')
    found.push({
      code: 'event_loop_blocked',
      cause: 'A handler blocked the event loop, so polls and heartbeats had to wait.',
      evidence: `It was blocked for ${(watch.blockage.ms / 1_000).toFixed(1)} s${names && `; handlers that ran: ${names}`}.`,
      remedy: 'Move long computations into a worker thread or a child process.',
    })
  }
  if (!delivery.hasRoom)
    found.push({
      code: 'results_waiting',
      cause: 'Too many results wait for delivery, so the worker takes no more tasks.',
      evidence: `${delivery.undelivered.length} results wait${ageOf(delivery.oldestMs)}.`,
      remedy: 'Check the orchestrator that gave these tasks: it has to answer again.',
    })
  if (journal.trouble !== undefined)
    found.push({
      code: 'journal_trouble',
      cause: 'The journal cannot be written, so an accepted task could be lost.',
      evidence: `${sentence(journal.trouble)}.`,
      remedy: 'Free space in WORKER_STATE_DIR, and check the disk and its permissions.',
    })
  if (directories.diskSpace.trouble !== undefined)
    found.push({
      code: 'disk_full',
      cause: 'The disk for the files of tasks is full.',
      evidence: `${sentence(directories.diskSpace.trouble)}.`,
      remedy: 'Free space in TASK_FILES_DIR, or set TASK_FILES_MAX_BYTES.',
    })
  if (takeover.trouble !== undefined)
    found.push({
      code: 'held_off',
      cause:
        'A crashed worker with this id may still have an open poll, and a task would be lost in that poll.',
      evidence: `${sentence(takeover.trouble)}.`,
      remedy:
        'Wait for at most TASK_POLL_TIMEOUT. A token that is valid for two worker ids lets a standby take tasks meanwhile.',
    })
  return found
}

const ageOf = (ms: number | undefined): string =>
  ms === undefined ? '' : `, the oldest for ${Math.round((monotonicMs() - ms) / 1_000)} s`

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const diagnoseSlots = (observed: Observed): readonly Diagnosis[] => {
  const { slots } = observed
  const { global, byType } = slots.limits
  if (slots.isPaused) {
    const evidence = 'There was a call of pause(), and none of resume() after it.'
    return [{ code: 'paused', cause: 'The worker is paused.', evidence, remedy: 'Call worker.resume().' }]
  }
  const found: Diagnosis[] = []
  if (observed.capacity?.hasAny === false)
    found.push({
      code: 'no_capacity',
      cause: 'The capacityChecker allows no task.',
      evidence: 'It returns false for the name of every task, or it throws.',
      remedy: 'Check the function in the option capacityChecker. The log has what it throws.',
    })
  if (!slots.hasFree) {
    found.push({
      code: 'no_free_slot',
      cause: 'All slots are in use.',
      evidence: `${slots.running} of ${global} handlers run${byName(observed)}; ${slots.waiting} tasks wait.`,
      remedy:
        'Raise MAX_CONCURRENT_TASKS, add workers, or find out why the handlers take so long: snapshot() shows them.',
    })
  }
  for (const type of taskTypesIn(observed)) {
    if (slots.isTypePaused(type))
      found.push({
        code: 'paused',
        cause: `Tasks of the type "${type}" are paused.`,
        evidence: `There was a call of pause("${type}"), and none of resume("${type}") after it.`,
        remedy: `Call worker.resume("${type}").`,
      })
    const limit = Object.hasOwn(byType, type) ? byType[type] : undefined
    if (limit === undefined || slots.runningOf(type) < limit) continue
    found.push({
      code: 'type_limit_reached',
      cause: `No more tasks of the type "${type}" can run.`,
      evidence: `${slots.runningOf(type)} of ${limit} tasks of this type run; ${slots.waiting} tasks wait.`,
      remedy: 'Raise the limit of this type in taskTypeLimits, or add workers.',
    })
  }
  return found
}

/** The names of the tasks that run, the most frequent first. */
const byName = ({ tasks }: Observed): string => {
  const counts = new Map<string, number>()
  for (const { offer, startedMs } of tasks.running)
    if (startedMs !== undefined) counts.set(offer.taskName, (counts.get(offer.taskName) ?? 0) + 1)
  const sorted = [...counts].sort(([, one], [, other]) => other - one).slice(0, 10)
  return sorted.length === 0 ? '' : ` (${sorted.map(([name, count]) => `${name}: ${count}`).join(', ')})`
}

const diagnoseConnections = async (
  observed: Observed,
  connections: Connections,
  noTaskForMs: number,
): Promise<readonly Diagnosis[]> => {
  const { orchestrators } = observed.settings
  const used = connections.all.filter(({ isUsed }) => isUsed)
  const each = used.map(async (connection) => {
    const choice = orchestrators[connections.all.indexOf(connection)]?.generation ?? 'auto'
    const shown = choice === 'auto' ? undefined : await shownBy(connection)
    return diagnoseConnection(connection, { choice, shown })
  })
  return [
    ...(await Promise.all(each)).flat(),
    ...diagnoseSilence(observed, used, noTaskForMs),
    ...diagnoseOrder(connections.all, used),
  ]
}

/** Asks the orchestrator for its generation. Some orchestrators register workers of the other generation all the same. */
const shownBy = async ({ orchestrator }: Connection): Promise<Generation | undefined> => {
  let shown: Generation | undefined
  const asked = orchestrator.shownGeneration().then(
    (generation) => {
      shown = generation
    },
    // The other requests show what is wrong with an orchestrator that does not answer.
    () => {},
  )
  await within(ASK_MS, asked)
  return shown
}

/** Polls are answered, but they bring no tasks. */
const diagnoseSilence = (
  { settings, stats, tasks, counts, registry }: Observed,
  used: readonly Connection[],
  noTaskForMs: number,
): readonly Diagnosis[] => {
  const nowMs = monotonicMs()
  const inHand = tasks.running.map(({ acceptedMs }) => acceptedMs)
  const sinceMs = Math.max(counts.startedMs ?? nowMs, stats.acceptedMs, ...inHand)
  if (nowMs - sinceMs < noTaskForMs) return []
  const recentMs = nowMs - settings.pollTimeoutMs - SPARE_MS
  const names = registry.all().map(({ name }) => name)
  return used
    .filter(({ orchestrator: { stats } }) => stats.polledMs > recentMs && stats.polledMs > 0)
    .map(({ url, orchestrator }) => ({
      code: 'no_task_dispatched',
      orchestrator: url,
      cause: 'The orchestrator answers the polls of this worker, but it gives no tasks.',
      evidence: `The last poll was answered ${Math.round((nowMs - orchestrator.stats.polledMs) / 1_000)} s ago; no task has come for ${Math.round((nowMs - sinceMs) / 60_000)} minutes. Registered tasks: ${names.join(', ') || 'none'}.`,
      remedy:
        'Check that jobs exist, and that the task names of their blueprints are registered here. Cheaper or idle workers may get them first, and a task may ask for resources that this worker does not report.',
    }))
}

const diagnoseOrder = (all: readonly Connection[], used: readonly Connection[]): readonly Diagnosis[] => {
  const [first] = used
  if (!first) return []
  return all
    .filter((each) => !used.includes(each))
    .map((each) => {
      const isHigher = all.indexOf(each) < all.indexOf(first)
      return {
        code: 'other_orchestrator_in_use',
        orchestrator: each.url,
        cause: 'The worker takes no tasks from this orchestrator while it uses another one.',
        evidence: isHigher
          ? `${first.url} is in use because ${each.url}, which has a higher priority, has failed.`
          : `${first.url} is in use. It has a higher priority and works.`,
        remedy: isHigher
          ? 'Check the orchestrator. The worker returns to it after it has been healthy for two heartbeat intervals.'
          : 'This is normal. Set MULTI_ORCHESTRATOR_MODE=ROUND_ROBIN to take tasks from all orchestrators.',
      }
    })
}

const diagnoseNames = ({ stats, registry }: Observed): readonly Diagnosis[] => {
  if (stats.unknown.size === 0) return []
  const seen = [...stats.unknown].map(([name, count]) => `${JSON.stringify(name)} (${count})`)
  const names = registry.all().map(({ name }) => name)
  return [
    {
      code: 'unknown_task_names',
      cause: 'The orchestrator offers tasks that this worker has no handler for.',
      evidence: `Offered: ${seen.join(', ')}. Registered: ${names.join(', ') || 'none'}.`,
      remedy: 'Register a handler with worker.task(name, …), or correct the name in the blueprint.',
    },
  ]
}
