/** One query of a panel. */
export interface Query {
  readonly expr: string
  /** The name of a series, with labels in double braces. */
  readonly legend: string
}

/** What a panel shows. */
export interface PanelContent {
  readonly kind: 'stat' | 'timeseries' | 'table'
  readonly title: string
  readonly description: string
  readonly queries: readonly Query[]
  /** A unit of Grafana. Default: `short`. */
  readonly unit?: string
  /** The values from which on the figure is yellow and red. */
  readonly thresholds?: readonly [warning: number, critical: number]
  /** Series are stacked. */
  readonly stacked?: boolean
}

/** A row of the dashboard, with its panels. */
export interface Row {
  readonly title: string
  readonly panels: readonly PanelContent[]
}

/** The workers that the variables of the dashboard choose. */
const CHOSEN = 'job=~"$job",instance=~"$instance"'

/** The series of a metric for the chosen workers; `more` are further matchers. */
const of = (metric: string, more = ''): string => `${metric}{${CHOSEN}${more && `,${more}`}}`
const own = (name: string, more = ''): string => of(`avtomatika_worker_${name}`, more)
const rate = (series: string): string => `rate(${series}[$__rate_interval])`
const sumBy = (labels: string, series: string): string => `sum by (${labels}) (${series})`
const quantile = (share: number, labels: string, name: string, more = ''): string =>
  `histogram_quantile(${share}, ${sumBy(`le${labels && `, ${labels}`}`, rate(own(`${name}_bucket`, more)))})`

const percentiles = (name: string, more = ''): readonly Query[] =>
  [0.5, 0.95, 0.99].map((share) => ({ expr: quantile(share, '', name, more), legend: `p${100 * share}` }))

const ALL_SLOTS = 'type="_all"'

const OVERVIEW: Row = {
  title: 'Overview',
  panels: [
    {
      kind: 'stat',
      title: 'Workers ready',
      description: 'Workers that tasks can come to.',
      queries: [{ expr: `sum(${own('ready')})`, legend: '' }],
    },
    {
      kind: 'stat',
      title: 'Workers not ready',
      description: 'Workers that run or drain and take no tasks. /readyz says why.',
      queries: [{ expr: `sum(${own('ready')} == bool 0)`, legend: '' }],
      thresholds: [1, 1_000],
    },
    {
      kind: 'stat',
      title: 'Slots in use',
      description: 'The share of all slots. From 80 % on more workers help.',
      queries: [
        {
          expr: `sum(${own('slots_used', ALL_SLOTS)}) / sum(${own('slots', ALL_SLOTS)})`,
          legend: '',
        },
      ],
      unit: 'percentunit',
      thresholds: [0.8, 0.95],
    },
    {
      kind: 'stat',
      title: 'Tasks a second',
      description: 'Tasks that ended, whatever their outcome.',
      queries: [{ expr: `sum(${rate(own('tasks_total'))})`, legend: '' }],
      unit: 'ops',
    },
    {
      kind: 'stat',
      title: 'Failed tasks',
      description: 'The share of the tasks that ended as success or failure.',
      queries: [
        {
          expr: `sum(${rate(own('tasks_total', 'outcome="failure"'))}) / sum(${rate(own('tasks_total', 'outcome=~"success|failure"'))})`,
          legend: '',
        },
      ],
      unit: 'percentunit',
      thresholds: [0.05, 0.5],
    },
    {
      kind: 'stat',
      title: 'Undelivered results',
      description: 'Results that wait for delivery.',
      queries: [{ expr: `sum(${own('undelivered_results')})`, legend: '' }],
      thresholds: [100, 1_000],
    },
    {
      kind: 'stat',
      title: 'Dead letters',
      description:
        'Results that no orchestrator takes. Send them again or drop them with "avtomatika-worker outbox".',
      queries: [{ expr: `sum(${own('dead_letters')})`, legend: '' }],
      thresholds: [1, 100],
    },
    {
      kind: 'stat',
      title: 'Orchestrators down',
      description: 'Orchestrators that fail for at least one worker.',
      queries: [
        {
          expr: `sum(${`min by (orchestrator) (${own('orchestrator_up')})`} == bool 0)`,
          legend: '',
        },
      ],
      thresholds: [1, 1_000],
    },
  ],
}

const TASKS: Row = {
  title: 'Tasks',
  panels: [
    {
      kind: 'timeseries',
      title: 'Tasks by outcome',
      description: 'Tasks that ended, a second.',
      queries: [{ expr: sumBy('outcome', rate(own('tasks_total'))), legend: '{{outcome}}' }],
      unit: 'ops',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Tasks by name',
      description: 'Tasks that ended, a second. "_other" is every name without a handler.',
      queries: [{ expr: sumBy('task', rate(own('tasks_total'))), legend: '{{task}}' }],
      unit: 'ops',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Duration of tasks, p95',
      description: 'How long handlers ran, with the validation and the files of their tasks.',
      queries: [{ expr: quantile(0.95, 'task', 'task_duration_seconds'), legend: '{{task}}' }],
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Wait before a handler runs',
      description: 'From the arrival of a task until its handler runs: the journal, and a limit of its type.',
      queries: percentiles('task_wait_seconds'),
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Latency of cancels, p95',
      description: 'From the abort of a signal until the outcome of its task is decided.',
      queries: [{ expr: quantile(0.95, 'reason', 'cancel_latency_seconds'), legend: '{{reason}}' }],
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Stray rejections',
      description: 'Promise rejections that no handler of a task handled, a second.',
      queries: [{ expr: sumBy('instance', rate(own('stray_rejections_total'))), legend: '{{instance}}' }],
      unit: 'ops',
    },
  ],
}

const WORKERS: Row = {
  title: 'Slots and polls',
  panels: [
    {
      kind: 'timeseries',
      title: 'Slots by type',
      description: 'Slots in use, and their limits. "_all" is all tasks.',
      queries: [
        { expr: sumBy('type', own('slots_used')), legend: '{{type}} in use' },
        { expr: sumBy('type', own('slots')), legend: '{{type}} limit' },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Open polls',
      description: 'Long polls that orchestrators hold.',
      queries: [{ expr: sumBy('orchestrator', own('polls_open')), legend: '{{orchestrator}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Time since the last answered poll',
      description: 'The oldest of all workers. It grows while all slots of a worker are in use.',
      queries: [
        {
          expr: `time() - min by (orchestrator) (${own('last_poll_timestamp_seconds')} > 0 or ${own('last_poll_timestamp_seconds')} * 0 + time())`,
          legend: '{{orchestrator}}',
        },
      ],
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Obstacles',
      description: 'Workers that take no tasks, by the cause in the worker itself.',
      queries: [{ expr: sumBy('cause', own('obstacle')), legend: '{{cause}}' }],
    },
    {
      kind: 'timeseries',
      title: 'States',
      description: 'Workers by state.',
      queries: [{ expr: sumBy('state', own('state')), legend: '{{state}}' }],
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Event loop lag',
      description: 'How late the event loop runs. The worst of all workers.',
      queries: [
        { expr: `max by (quantile) (${own('event_loop_lag_seconds')})`, legend: 'quantile {{quantile}}' },
      ],
      unit: 's',
    },
  ],
}

const ORCHESTRATORS: Row = {
  title: 'Orchestrators',
  panels: [
    {
      kind: 'timeseries',
      title: 'Workers that can use an orchestrator',
      description: 'The share of the workers for which the orchestrator works.',
      queries: [{ expr: `avg by (orchestrator) (${own('orchestrator_up')})`, legend: '{{orchestrator}}' }],
      unit: 'percentunit',
    },
    {
      kind: 'timeseries',
      title: 'Requests',
      description: 'Requests that ended, a second, by operation and outcome.',
      queries: [
        {
          expr: sumBy('operation, outcome', rate(own('requests_total'))),
          legend: '{{operation}} {{outcome}}',
        },
      ],
      unit: 'reqps',
    },
    {
      kind: 'timeseries',
      title: 'Duration of requests, p95',
      description: 'Without polls, which orchestrators hold on purpose.',
      queries: [
        {
          expr: quantile(0.95, 'operation', 'request_duration_seconds', 'operation!="poll"'),
          legend: '{{operation}}',
        },
      ],
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Failovers and registrations',
      description: 'In the last 15 minutes.',
      queries: [
        { expr: `sum(increase(${own('failovers_total')}[15m]))`, legend: 'failovers' },
        { expr: `sum(increase(${own('registrations_total')}[15m]))`, legend: 'registrations' },
      ],
    },
  ],
}

const RESULTS: Row = {
  title: 'Results',
  panels: [
    {
      kind: 'timeseries',
      title: 'Results by outcome',
      description: 'Results whose delivery ended, a second.',
      queries: [{ expr: sumBy('outcome', rate(own('results_total'))), legend: '{{outcome}}' }],
      unit: 'ops',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Time to deliver a result',
      description: 'From the end of a task until its orchestrator has answered for the result.',
      queries: percentiles('result_delivery_seconds'),
      unit: 's',
    },
    {
      kind: 'timeseries',
      title: 'Undelivered results by worker',
      description: 'At the limit, which is 1,000 or more, a worker takes no tasks.',
      queries: [{ expr: own('undelivered_results'), legend: '{{instance}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Age of the oldest undelivered result',
      description: 'By worker. 0 without one.',
      queries: [{ expr: own('undelivered_oldest_seconds'), legend: '{{instance}}' }],
      unit: 's',
    },
  ],
}

const DISKS: Row = {
  title: 'Object store and journal',
  panels: [
    {
      kind: 'timeseries',
      title: 'Transfers',
      description: 'Bytes a second from and to the object store, without hits of the cache.',
      queries: [{ expr: sumBy('direction', rate(own('storage_bytes_total'))), legend: '{{direction}}' }],
      unit: 'Bps',
    },
    {
      kind: 'timeseries',
      title: 'Failed transfers',
      description: 'In the last 15 minutes, after all retries.',
      queries: [
        {
          expr: sumBy('direction', `increase(${own('storage_errors_total')}[15m])`),
          legend: '{{direction}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Writes to the journal',
      description: 'A write may have several entries.',
      queries: [{ expr: sumBy('instance', rate(own('journal_writes_total'))), legend: '{{instance}}' }],
      unit: 'wps',
    },
    {
      kind: 'timeseries',
      title: 'Length of the journal',
      description: 'The worker rewrites the file from time to time, so the length goes up and down.',
      queries: [{ expr: own('journal_bytes'), legend: '{{instance}}' }],
      unit: 'bytes',
    },
  ],
}

const PROCESSES: Row = {
  title: 'Processes',
  panels: [
    {
      kind: 'timeseries',
      title: 'Processor',
      description: 'Cores in use, by worker.',
      queries: [{ expr: rate(of('process_cpu_seconds_total')), legend: '{{instance}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Memory',
      description: 'Resident memory, by worker.',
      queries: [{ expr: of('process_resident_memory_bytes'), legend: '{{instance}}' }],
      unit: 'bytes',
    },
    {
      kind: 'timeseries',
      title: 'Heap',
      description: 'The used part of the heap, and the memory outside of it that its objects hold.',
      queries: [
        { expr: of('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
        { expr: of('nodejs_external_memory_bytes'), legend: '{{instance}} external' },
      ],
      unit: 'bytes',
    },
    {
      kind: 'timeseries',
      title: 'Open files and sockets',
      description: 'By worker. Linux only.',
      queries: [{ expr: of('process_open_fds'), legend: '{{instance}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Age of the process',
      description: 'It falls to zero at each restart.',
      queries: [{ expr: `time() - ${of('process_start_time_seconds')}`, legend: '{{instance}}' }],
      unit: 's',
    },
    {
      kind: 'table',
      title: 'Versions',
      description: 'The version of the package and of Node, and the type of each worker.',
      queries: [{ expr: own('info'), legend: '' }],
    },
  ],
}

/** The rows of the dashboard, from top to bottom. */
export const ROWS: readonly Row[] = [OVERVIEW, TASKS, WORKERS, ORCHESTRATORS, RESULTS, DISKS, PROCESSES]
