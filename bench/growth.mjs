// @ts-check
/**
 * What a task costs when there is more of something: tasks, slots, tasks that wait, results that wait, bytes. The work of a
 * task is the same in each table but the last one, so its cost should be, too.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { costOf } from './lib/growth.mjs'

/** @typedef {import('./lib/growth.mjs').Load} Load */
/** @typedef {import('./lib/growth.mjs').Cost} Cost */

/**
 * @typedef {object} Table
 * @property {string} title
 * @property {string} column what grows
 * @property {readonly (readonly [name: string, load: Load])[]} rows
 */

/** @param {number[]} figures */
const median = (figures) => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

/** @param {number} ms */
const short = (ms) => (ms < 100 ? ms.toPrecision(3) : ms.toFixed(0))

/** @param {number} n */
const count = (n) => n.toLocaleString('en')

/** About how many bytes go each way with large payloads. */
const TRANSFER = 200_000_000
const SIZES = /** @type {const} */ ([
  ['1 kB', 1e3],
  ['10 kB', 1e4],
  ['100 kB', 1e5],
  ['1 MB', 1e6],
  ['10 MB, result 1 MB', 1e7],
])

/**
 * @param {number} share of the full number of tasks
 * @returns {readonly Table[]}
 */
const tablesFor = (share) => {
  const some = (/** @type {number} */ n) => Math.max(10, Math.round(n * share))
  return [
    {
      title: 'more tasks, 10 slots',
      column: 'tasks',
      rows: [1_000, 10_000, 100_000, 1_000_000].map((tasks) => [
        count(some(tasks)),
        { tasks: some(tasks), slots: 10 },
      ]),
    },
    {
      title: `more slots, ${count(some(50_000))} tasks`,
      column: 'slots',
      rows: [1, 10, 100, 1_000].map((slots) => [
        count(slots),
        { tasks: some(50_000), slots, warmUp: 10_000 },
      ]),
    },
    {
      title: 'slow tasks, 1,000 slots',
      column: 'a task takes',
      rows: [10, 100, 1_000].map((taskMs) => [
        `${count(taskMs)} ms`,
        { tasks: some(10_000), slots: 1_000, taskMs, warmUp: 5_000 },
      ]),
    },
    {
      // With 100 slots a worker takes tasks until 1,000 results wait.
      title: 'results in the journal that wait for an orchestrator that is away, 100 slots',
      column: 'results',
      rows: [0, 100, 900].map((waiting) => [
        count(waiting),
        { tasks: some(50_000), slots: 100, waiting, warmUp: 10_000 },
      ]),
    },
    {
      title: 'a start with results in the journal, 10 slots',
      column: 'results',
      rows: [0, 100, 1_000, 10_000].map((left) => [count(left), { tasks: 1, slots: 10, left, warmUp: 0 }]),
    },
    {
      title: 'larger params and results, 10 slots',
      column: 'size',
      rows: SIZES.map(([name, payloadBytes]) => {
        const tasks = some(Math.min(5_000, TRANSFER / payloadBytes))
        return [name, { tasks, slots: 10, payloadBytes, warmUp: Math.max(10, Math.min(1_000, tasks)) }]
      }),
    },
  ]
}

/** @param {readonly Cost[]} costs @param {keyof Cost} figure */
const middle = (costs, figure) => median(costs.map((cost) => cost[figure]))

/**
 * Returns the lines of a table for a document.
 * @param {Table} table
 * @param {readonly (readonly Cost[])[]} rounds the costs of all rows, a round each
 */
const linesOf = ({ title, column, rows }, rounds) => {
  const costsOf = (/** @type {number} */ row) => rounds.flatMap((costs) => costs[row] ?? [])
  const first = middle(costsOf(0), 'cpuMs')
  const [[, { left }] = ['', {}]] = rows
  const of = left === undefined ? 'a task' : 'in all'
  const lines = rows.map(([name], row) => {
    const costs = costsOf(row)
    const cpuMs = middle(costs, 'cpuMs')
    const cells = [
      name,
      short(cpuMs),
      `× ${(cpuMs / first).toFixed(2)}`,
      ...['tasksPerSecond', 'rssMb', 'peakMb'].map((figure) =>
        middle(costs, /** @type {keyof Cost} */ (figure)).toFixed(0),
      ),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    `**${title}** (median of ${rounds.length})`,
    '',
    `| ${column} | CPU ms ${of} | against the first | tasks/s | memory MB | at most MB |`,
    '|---|---|---|---|---|---|',
    ...lines,
    '',
  ]
}

const DOCUMENT = new URL('../docs/explanation/performance.md', import.meta.url)

/** @param {readonly string[]} lines */
const writeDocument = (lines) => {
  const region = /(<!-- growth -->\n).*?(<!-- \/growth -->)/s
  const text = readFileSync(DOCUMENT, 'utf8')
  writeFileSync(
    DOCUMENT,
    text.replace(region, (_all, before, after) => `${before}${lines.join('\n')}\n${after}`),
  )
}

/**
 * Measures and prints all tables.
 * @param {object} options
 * @param {number} options.rounds
 * @param {number} options.share of the full number of tasks
 * @param {boolean} options.write whether the tables go into docs/explanation/performance.md, too
 */
export const growth = async ({ rounds, share, write }) => {
  const lines = [`${availableParallelism()} cores, Node ${process.versions.node}:`, '']
  for (const table of tablesFor(share)) {
    /** @type {Cost[][]} */
    const measured = []
    for (let round = 0; round < rounds; round++) {
      /** @type {Cost[]} */
      const costs = []
      for (const [, load] of table.rows) costs.push(await costOf(load))
      measured.push(costs)
    }
    const own = linesOf(table, measured)
    console.log(`\n${own.join('\n')}`)
    lines.push(...own)
  }
  if (write) writeDocument(lines)
}
