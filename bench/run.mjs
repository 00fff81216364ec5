// @ts-check
/**
 * Measures the built package: `npm run build && node bench/run.mjs [scenario …] [--rounds N]`; for `growth` also `[--share S] [--write]`.
 *
 * Subjects take turns (A B A B …) on one machine, so that what disturbs one disturbs the other, and what is printed are
 * medians and their ratio to the first subject. Absolute figures say more about the machine than about the package.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { growth } from './growth.mjs'
import { idle, pythonWorker, rawLoop, signingWorker, start, variant, work, worker } from './lib/subjects.mjs'

/** @typedef {import('./lib/subjects.mjs').Subject} Subject */

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    share: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const rounds = Number(values.rounds)

/** @param {number[]} figures */
const median = (figures) => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

/** @param {number} figure */
const short = (figure) => (figure < 10 ? figure.toFixed(2) : figure.toFixed(0))

/**
 * Lets the subjects take turns; gives the figures of each.
 * @template T
 * @param {readonly Subject[]} subjects
 * @param {(subject: Subject) => Promise<T>} measure
 * @returns {Promise<Map<Subject, T[]>>}
 */
const inTurns = async (subjects, measure) => {
  const figures = new Map(subjects.map((subject) => [subject, /** @type {T[]} */ ([])]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) figures.get(subject)?.push(await measure(subject))
  }
  return figures
}

/**
 * Prints a line a subject: the median of each figure, and its ratio to the first subject's, round by round.
 * @template T
 * @param {string} title
 * @param {Map<Subject, T[]>} figures
 * @param {Record<string, (figure: T) => number>} columns
 */
const print = (title, figures, columns) => {
  console.log(`\n${title} (median of ${rounds})`)
  const [first = []] = figures.values()
  const rows = [...figures].map(([{ name }, own]) => [
    name,
    ...Object.entries(columns).map(([column, pick]) => {
      const ratio = median(own.map((figure, round) => pick(figure) / pick(/** @type {T} */ (first[round]))))
      return `${column} ${short(median(own.map(pick)))} (× ${ratio.toFixed(2)})`
    }),
  ])
  for (const row of rows) console.log(`  ${row.map((cell) => cell.padEnd(26)).join('')}`)
}

/** @type {Record<string, (figure: import('./lib/subjects.mjs').Figures) => number>} */
const flow = {
  'tasks/s': ({ tasksPerSecond }) => tasksPerSecond,
  'CPU ms/task': ({ cpuSeconds, delivered }) => (1000 * cpuSeconds) / delivered,
  'p99 ms': ({ p99Ms }) => p99Ms,
  'RSS MB': ({ peakRssMb }) => peakRssMb,
}

/** @param {Map<Subject, import('./lib/subjects.mjs').Figures[]>} figures */
const complain = (figures) => {
  for (const [{ name }, own] of figures) {
    const duplicates = own.reduce((sum, each) => sum + each.duplicates + each.unknown, 0)
    if (duplicates > 0) console.log(`  !! ${name}: ${duplicates} results that were unknown or there already`)
    const failures = own.reduce((sum, each) => sum + each.failures, 0)
    if (failures > 0) console.log(`  !! ${name}: ${failures} tasks failed`)
  }
}

/**
 * @param {string} title
 * @param {readonly Subject[]} subjects
 * @param {Parameters<typeof work>[1]} scenario
 */
const compare = async (title, subjects, scenario) => {
  const figures = await inTurns(subjects, (subject) => work(subject, scenario))
  print(title, figures, flow)
  complain(figures)
}

const all = [rawLoop, worker, pythonWorker()].filter((subject) => subject !== undefined)

/** @type {Record<string, () => Promise<void>>} */
const scenarios = {
  throughput: async () => {
    for (const slots of [10, 100]) await compare(`throughput, ${slots} slots`, all, { tasks: 20_000, slots })
  },
  delay: async () => {
    await compare('50 ms added to each answer, 10 slots', all, { tasks: 1_000, slots: 10, delayMs: 50 })
    await compare('50 ms added to each answer, 100 slots', [rawLoop, worker], {
      tasks: 8_000,
      slots: 100,
      delayMs: 50,
    })
  },
  start: async () => {
    print('from the start of the process to the first poll', await inTurns(all, start), { ms: (ms) => ms })
  },
  journal: async () => {
    const without = variant(worker, 'no journal', { WORKER_JOURNAL: 'off' })
    for (const slots of [10, 100])
      await compare(`what the journal costs, ${slots} slots`, [without, worker], { tasks: 20_000, slots })
  },
  signed: async () => {
    for (const slots of [10, 100])
      await compare(`what signatures cost, ${slots} slots`, [worker, signingWorker], { tasks: 20_000, slots })
  },
  idle: async () => {
    const share = await idle(worker, 20_000)
    console.log(`\nidle for 20 s: ${(100 * share).toFixed(2)} % of a core`)
  },
  growth: () => growth({ rounds, share: Number(values.share), write: values.write }),
}

/** It installs Python packages, so it is not among those that run without being named. */
const python = async () => {
  const script = fileURLToPath(new URL('python.ts', import.meta.url))
  const options = ['--rounds', String(rounds), ...(values.write ? ['--write'] : [])]
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...options], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) process.exitCode = 1
}

// Growth takes some minutes for each round.
const usual = Object.keys(scenarios).filter((name) => name !== 'growth')
const chosen = positionals.length > 0 ? positionals : usual
for (const name of chosen) {
  const scenario = name === 'python' ? python : scenarios[name]
  if (!scenario)
    throw new Error(`no scenario "${name}": there are ${[...Object.keys(scenarios), 'python'].join(', ')}`)
  await scenario()
}
