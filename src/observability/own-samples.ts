import { RESULT_OUTCOMES } from '../delivery/delivery-stats.js'
import type { WorkerState } from '../events.js'
import { ABORT_REASONS, OTHER_TASKS, RUN_OUTCOMES, TASK_OUTCOMES } from '../execution/task-stats.js'
import { REQUEST_KINDS, REQUEST_OUTCOMES, RequestStats } from '../orchestrators/request-stats.js'
import { DIRECTIONS } from '../storage/transfer-counts.js'
import { monotonicMs, wallMs } from '../utils/time.js'
import { ALL_TYPES, type OwnFamilyName } from './families.js'
import type { Observed } from './observed.js'
import { obstaclesIn } from './obstacles.js'
import { limitOf, taskTypesIn } from './snapshot.js'
import type { Quantiles, Sample } from './write-text.js'

type Samples = readonly Sample[]
type Filled<Name extends OwnFamilyName> = Readonly<Record<Name, Samples>>

const STATES: readonly WorkerState[] = ['created', 'running', 'draining', 'stopped']

const one = (value: Sample['value']): Samples => [{ value }]

/**
 * Reads the series of every family of the worker. Every series exists from the first scrape on, so the number of series
 * depends on the configuration and the registered tasks alone.
 */
export const ownSamples = (
  observed: Observed,
  lag: Quantiles,
  version: string,
): Readonly<Record<OwnFamilyName, Samples>> => {
  const { settings, state, isReady, stats, counts, journal, transfers } = observed
  return {
    info: [{ labels: { version, node: process.versions.node, worker_type: settings.workerType }, value: 1 }],
    ready: one(Number(isReady)),
    state: STATES.map((each) => ({ labels: { state: each }, value: Number(each === state) })),
    obstacle: obstaclesIn(observed).map(([cause, isThere]) => ({
      labels: { cause },
      value: Number(isThere),
    })),
    ...slotSamples(observed),
    ...orchestratorSamples(observed),
    ...taskSamples(observed),
    task_wait_seconds: one(stats.waits),
    ...resultSamples(observed),
    cancel_latency_seconds: ABORT_REASONS.map((reason) => ({
      labels: { reason },
      value: stats.cancels[reason],
    })),
    event_loop_lag_seconds: one(lag),
    failovers_total: one(counts.failovers),
    registrations_total: one(counts.registrations),
    stray_rejections_total: one(counts.strayRejections),
    storage_bytes_total: DIRECTIONS.map((direction) => ({
      labels: { direction },
      value: transfers.bytes[direction],
    })),
    storage_errors_total: DIRECTIONS.map((direction) => ({
      labels: { direction },
      value: transfers.errors[direction],
    })),
    journal_writes_total: one(journal.size.writes),
    journal_bytes: one(journal.size.bytes),
  }
}

const slotSamples = (observed: Observed): Filled<'slots' | 'slots_used'> => {
  const { slots } = observed
  const types = taskTypesIn(observed).filter((type) => type !== ALL_TYPES)
  const all = { type: ALL_TYPES }
  return {
    slots: [
      { labels: all, value: slots.limits.global },
      ...types.map((type) => ({ labels: { type }, value: limitOf(slots.limits, type) })),
    ],
    slots_used: [
      { labels: all, value: slots.running },
      ...types.map((type) => ({ labels: { type }, value: slots.runningOf(type) })),
    ],
  }
}

const orchestratorSamples = ({
  settings,
  connections,
}: Observed): Filled<
  | 'polls_open'
  | 'last_poll_timestamp_seconds'
  | 'orchestrator_up'
  | 'requests_total'
  | 'request_duration_seconds'
> => {
  // Two entries of the configuration may have the same URL, and a standby has the URL of its main connection.
  const rows = [...new Set(settings.orchestrators.map(({ url }) => url))].map((url) => {
    const same = connections?.everyone.filter((each) => each.url === url) ?? []
    const stats = new RequestStats()
    for (const { orchestrator } of same) stats.add(orchestrator.stats)
    const isUp = connections?.all.find((each) => each.url === url)?.health.up ?? true
    const open = same.reduce((sum, { polls }) => sum + polls.open, 0)
    return { labels: { orchestrator: url }, stats, isUp, open }
  })
  const durations = rows.flatMap(({ labels, stats }) =>
    REQUEST_KINDS.flatMap((operation) =>
      REQUEST_OUTCOMES.map((outcome) => ({
        labels: { ...labels, operation, outcome },
        value: stats.durations[operation][outcome],
      })),
    ),
  )
  const bootSeconds = (wallMs() - monotonicMs()) / 1_000
  return {
    polls_open: rows.map(({ labels, open }) => ({ labels, value: open })),
    last_poll_timestamp_seconds: rows.map(({ labels, stats: { polledMs } }) => ({
      labels,
      value: polledMs === 0 ? 0 : toMilliseconds(bootSeconds + polledMs / 1_000),
    })),
    orchestrator_up: rows.map(({ labels, isUp }) => ({ labels, value: Number(isUp) })),
    requests_total: durations.map(({ labels, value }) => ({ labels, value: value.count })),
    request_duration_seconds: durations,
  }
}

const taskSamples = ({ registry, stats }: Observed): Filled<'tasks_total' | 'task_duration_seconds'> => {
  const names = new Set([...registry.all().map(({ name }) => name), OTHER_TASKS])
  const rows = [...names].map((name) => [name, stats.of(name)] as const)
  return {
    tasks_total: rows.flatMap(([task, { total }]) =>
      TASK_OUTCOMES.map((outcome) => ({ labels: { task, outcome }, value: total[outcome] })),
    ),
    task_duration_seconds: rows.flatMap(([task, { durations }]) =>
      RUN_OUTCOMES.map((outcome) => ({ labels: { task, outcome }, value: durations[outcome] })),
    ),
  }
}

const resultSamples = ({
  delivery,
  journal,
}: Observed): Filled<
  | 'results_total'
  | 'result_delivery_seconds'
  | 'undelivered_results'
  | 'undelivered_oldest_seconds'
  | 'dead_letters'
> => {
  const { stats, undelivered, oldestMs } = delivery
  return {
    results_total: RESULT_OUTCOMES.map((outcome) => ({ labels: { outcome }, value: stats.total[outcome] })),
    result_delivery_seconds: one(stats.durations),
    undelivered_results: one(undelivered.length),
    undelivered_oldest_seconds: one(
      oldestMs === undefined ? 0 : toMilliseconds((monotonicMs() - oldestMs) / 1_000),
    ),
    dead_letters: one(journal.deadLetters?.count ?? 0),
  }
}

const toMilliseconds = (seconds: number): number => Math.round(seconds * 1_000) / 1_000
