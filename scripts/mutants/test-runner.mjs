// @ts-check
/** Runs test files in a copy of the tree, in a process of their own that can be killed when a change never ends. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** @typedef {{ changed: readonly string[], tests: readonly string[] }} Order paths below the root */
/**
 * What the process says.
 * @typedef {{ kind: 'ready' } | { kind: 'test', tookMs: number } | { kind: 'file', path: string, tookMs: number }
 *   | { kind: 'ended', failed: string | undefined }} News
 */
/**
 * `longestMs` is how long the slowest test took, `files` how long each file took, in ms.
 * @typedef {{ failed: string | undefined, isLate: boolean, longestMs: number, files: ReadonlyMap<string, number> }} Run
 */

const TEST_PROCESS = fileURLToPath(new URL('test-process.mjs', import.meta.url))

/** @param {import('node:child_process').ChildProcess} child */
const killGroup = ({ pid }) => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** @param {string} copy the directory to run in */
export const createTestRunner = (copy) => {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child

  const start = () =>
    fork(TEST_PROCESS, { cwd: copy, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })

  /** Ends the tests and whatever they have started. */
  const end = () => {
    if (child) killGroup(child)
    child = undefined
  }

  /**
   * Runs the files one after another, until a test fails, or none ends for too long.
   * @param {Order} order
   * @param {number} idleMs
   * @returns {Promise<Run>}
   */
  const run = (order, idleMs) =>
    new Promise((resolve) => {
      const isNew = child === undefined
      child ??= start()
      const runner = child
      let longestMs = 0
      /** @type {Map<string, number>} */
      const files = new Map()

      /** @param {Pick<Run, 'failed' | 'isLate'>} outcome */
      const settle = (outcome) => {
        clearTimeout(timer)
        runner.removeAllListeners()
        if (outcome.isLate) end()
        resolve({ ...outcome, longestMs, files })
      }
      const watch = () => setTimeout(() => settle({ failed: undefined, isLate: true }), idleMs)
      let timer = watch()

      /** @param {News} news */
      const hear = (news) => {
        if (news.kind === 'ready') runner.send(order)
        if (news.kind === 'test') longestMs = Math.max(longestMs, news.tookMs)
        if (news.kind === 'file') files.set(news.path, news.tookMs)
      }
      runner.on('message', (message) => {
        const news = /** @type {News} */ (message)
        if (news.kind === 'ended') return settle({ failed: news.failed, isLate: false })
        clearTimeout(timer)
        timer = watch()
        hear(news)
      })
      runner.once('exit', () => {
        end()
        settle({ failed: 'vitest itself', isLate: false })
      })
      if (!isNew) runner.send(order)
    })

  return { run, end }
}
