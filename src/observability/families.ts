/** What kind of metric a family has. */
export type FamilyType = 'gauge' | 'counter' | 'histogram' | 'summary'

/** A family of metrics: one name, with one series for each combination of labels. */
export interface Family {
  readonly type: FamilyType
  readonly unit?: 'seconds' | 'bytes'
  /** The meaning. */
  readonly help: string
  readonly labels?: readonly string[]
}

/** The task type in labels that stands for the global limit. */
export const ALL_TYPES = '_all'

const PREFIX = 'avtomatika_worker_'

/**
 * Every family, in the order of the output. The names, types, units and labels are a contract with dashboards and alerts:
 * add families, and never change or remove one. After a change, run `npm run metrics`, which writes docs/reference/metrics.md.
 */
const OWN = {
  info: {
    type: 'gauge',
    help: 'Always 1. The labels describe the worker',
    labels: ['version', 'node', 'worker_type'],
  },
  ready: { type: 'gauge', help: '1 while tasks can come (`/readyz` is 200), else 0' },
  state: {
    type: 'gauge',
    help: '1 for the current state of the worker, 0 for the other states: `created`, `running`, `draining`, `stopped`',
    labels: ['state'],
  },
  obstacle: {
    type: 'gauge',
    help: '1 while a cause in the worker itself prevents new tasks, else 0. Causes, with the names of `worker.diagnose()`: `paused`, `no_capacity`, `event_loop_blocked`, `results_waiting`, `journal_trouble`, `disk_full`, `held_off`',
    labels: ['cause'],
  },
  slots: {
    type: 'gauge',
    help: 'Maximum number of tasks that run at the same time, by task type. `_all` is the global limit. A type without a limit has the global limit',
    labels: ['type'],
  },
  slots_used: {
    type: 'gauge',
    help: 'Handlers that run now, by task type. `_all` is the total',
    labels: ['type'],
  },
  polls_open: { type: 'gauge', help: 'Long polls that are open', labels: ['orchestrator'] },
  last_poll_timestamp_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Time of the last poll with a response, since 1970. 0 before the first response',
    labels: ['orchestrator'],
  },
  orchestrator_up: {
    type: 'gauge',
    help: '1 while the orchestrator works, else 0. 1 before the first request',
    labels: ['orchestrator'],
  },
  requests_total: {
    type: 'counter',
    help: 'Requests that ended. Operations: `registration`, `heartbeat`, `poll`, `result`, `event`. Outcomes: `ok`; `refused`: a status from 400 to 499; `failed`: another error or an unreadable response; `unreachable`: no response',
    labels: ['orchestrator', 'operation', 'outcome'],
  },
  request_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Duration of requests. Orchestrators hold polls for up to about 30 s',
    labels: ['orchestrator', 'operation', 'outcome'],
  },
  tasks_total: {
    type: 'counter',
    help: 'Tasks that ended. Outcomes: `success`: the handler returned a result; `failure`; `cancelled`; `handed_back`: the worker drained before the task began. The task `_other` is every unregistered name',
    labels: ['task', 'outcome'],
  },
  task_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Duration of handlers, including validation and files of the tasks',
    labels: ['task', 'outcome'],
  },
  task_wait_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the arrival of a task to the start of its handler. The journal and the limit of the task type cause it',
  },
  results_total: {
    type: 'counter',
    help: 'Results whose delivery ended. Outcomes: `delivered`; `ignored`: no longer needed; `replaced`: not readable for the orchestrator, which accepted a short failure instead; `refused`: refused permanently',
    labels: ['outcome'],
  },
  result_delivery_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the end of a task to the acknowledgement of its result',
  },
  undelivered_results: { type: 'gauge', help: 'Results that wait for delivery' },
  undelivered_oldest_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the oldest result that waits for delivery. 0 if none waits',
  },
  dead_letters: {
    type: 'gauge',
    help: 'Dead letters in `WORKER_STATE_DIR`: results that were refused permanently',
  },
  cancel_latency_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the abort of a signal to the outcome of its task. Reasons: `cancelled` by the orchestrator, `timeout`, `shutdown`',
    labels: ['reason'],
  },
  event_loop_lag_seconds: {
    type: 'summary',
    unit: 'seconds',
    help: 'Lag of the event loop, measured from the first scrape on. Quantiles of the last 10 s or more',
  },
  failovers_total: { type: 'counter', help: 'Changes to another orchestrator' },
  registrations_total: { type: 'counter', help: 'Registrations that an orchestrator accepted' },
  stray_rejections_total: { type: 'counter', help: 'Unhandled promise rejections of handlers' },
  storage_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes transferred from and to the object store, without hits of the cache. Directions: `download`, `upload`',
    labels: ['direction'],
  },
  storage_errors_total: {
    type: 'counter',
    help: 'Failed transfers from and to the object store',
    labels: ['direction'],
  },
  journal_writes_total: {
    type: 'counter',
    help: 'Writes to the journal. A write may contain several entries',
  },
  journal_bytes: { type: 'gauge', unit: 'bytes', help: 'Length of the journal file' },
} as const satisfies Record<string, Family>

/** The process defaults under the names that other clients use, for existing dashboards. */
const OF_PROCESS = {
  process_cpu_user_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of this process in user mode',
  },
  process_cpu_system_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Processor time of this process in system mode',
  },
  process_cpu_seconds_total: { type: 'counter', unit: 'seconds', help: 'Processor time of this process' },
  process_start_time_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Time when this process started, since 1970',
  },
  process_resident_memory_bytes: { type: 'gauge', unit: 'bytes', help: 'Resident memory of this process' },
  process_virtual_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Virtual memory of this process. Linux only',
  },
  process_open_fds: { type: 'gauge', help: 'Open file descriptors. Linux only' },
  process_max_fds: { type: 'gauge', help: 'Maximum number of open file descriptors. Linux only' },
  nodejs_heap_size_total_bytes: { type: 'gauge', unit: 'bytes', help: 'Size of the heap' },
  nodejs_heap_size_used_bytes: { type: 'gauge', unit: 'bytes', help: 'Used part of the heap' },
  nodejs_external_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory outside of the heap that belongs to objects in the heap',
  },
} as const satisfies Record<string, Family>

type OwnName = `${typeof PREFIX}${keyof typeof OWN}`
export type ProcessFamilyName = keyof typeof OF_PROCESS
/** The name of a family of the worker itself, without the prefix. */
export type OwnFamilyName = keyof typeof OWN

export const fullName = (name: OwnFamilyName): OwnName => `${PREFIX}${name}`

/** The families of the worker, by their names without the prefix. */
export const OWN_FAMILIES: Readonly<Record<OwnFamilyName, Family>> = OWN
/** The families of the process. */
export const PROCESS_FAMILIES: Readonly<Record<ProcessFamilyName, Family>> = OF_PROCESS
