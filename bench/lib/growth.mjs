// @ts-check
/** Runs the worker with more and more of one thing, and measures what a task costs. Linux. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeEntries } from '../../dist/journal/record.js'
import { peakRssMbOf, withStub, withSubject } from './subjects.mjs'

/**
 * What is measured: the tasks after those that warm the worker up.
 * @typedef {object} Cost
 * @property {number} cpuMs processor time of a task
 * @property {number} rssMb memory at the end
 * @property {number} peakMb the largest memory
 * @property {number} tasksPerSecond
 */

/**
 * @typedef {object} Load
 * @property {number} tasks
 * @property {number} slots
 * @property {number} [warmUp] Default: 3,000
 * @property {number} [payloadBytes] of the params and of the result
 * @property {number} [taskMs] how long a handler waits
 * @property {number} [waiting] results in the journal that wait for an orchestrator that is away
 * @property {number} [left] results in the journal that are delivered at the start
 */

/**
 * Processor time of all threads that live, in ms. `/proc/<pid>/stat` counts ticks of 10 ms only.
 * @param {number} pid
 */
const cpuMsOf = (pid) =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [ns] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return sum + Number(ns) / 1e6
  }, 0)

/** @param {number} pid */
const rssMbOf = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024

/** Nobody listens there. */
const AWAY = 'http://127.0.0.1:9'

/**
 * Writes the journal of a worker that has ended before it could deliver its results.
 * @param {string} folder
 * @param {string} url of their orchestrator
 * @param {number} results
 */
const leaveResults = (folder, url, results) => {
  const lines = Array.from({ length: results }, (_, n) => {
    const ids = { jobId: `old job ${n}`, taskId: `old${n}`, workerId: 'bench' }
    const outcome = /** @type {const} */ ({ kind: 'value', status: 'success', data: { n } })
    return encodeEntries([{ fact: 'finished', from: url, result: { ...ids, outcome } }])
  })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'journal.log'), lines.join(''), { mode: 0o600 })
}

/** @param {string} url @param {Load} load @returns {Record<string, string>} */
const environmentOf = (url, { payloadBytes = 0, taskMs = 0, waiting }) => ({
  ...(payloadBytes > 0 && { BENCH_ECHO: '1' }),
  ...(taskMs > 0 && { BENCH_TASK_MS: String(taskMs) }),
  ...(waiting !== undefined && {
    ORCHESTRATORS_CONFIG: JSON.stringify([{ url }, { url: AWAY, priority: 20 }]),
  }),
})

/** @param {string} url @param {Load} load @returns {import('./subjects.mjs').Subject} */
const subjectFor = (url, load) => ({
  name: 'worker',
  command: [process.execPath, fileURLToPath(new URL('growth-worker.mjs', import.meta.url))],
  env: environmentOf(url, load),
  prepare: (scratch) => {
    const { waiting = 0, left = 0 } = load
    if (waiting + left > 0) leaveResults(join(scratch, 'state'), left > 0 ? url : AWAY, waiting + left)
  },
})

/**
 * The cost of a task, after others have warmed the worker up. Without any, the cost from the start of the process.
 * @param {Load} load
 * @returns {Promise<Cost>}
 */
export const costOf = (load) => {
  const { tasks, slots, warmUp = 3_000, payloadBytes = 1, left = 0 } = load
  const options = { tasks: tasks + warmUp, warmUp, payloadBytes, left }
  return withStub(options, ({ url, warm, report }) =>
    withSubject(subjectFor(url, load), { url, slots }, async (pid) => {
      await warm
      const before = warmUp > 0 ? cpuMsOf(pid) : 0
      const { tasksPerSecond, delivered, failures } = await report
      const cpuMs = (cpuMsOf(pid) - before) / tasks
      if (delivered !== tasks + warmUp || failures > 0)
        throw new Error(`${delivered} results of ${tasks + warmUp} tasks, ${failures} failures`)
      return { cpuMs, rssMb: rssMbOf(pid), peakMb: peakRssMbOf(pid), tasksPerSecond }
    }),
  )
}
