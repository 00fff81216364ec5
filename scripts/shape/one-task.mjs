// @ts-check
/** Counts the files, functions and calls that one task of the second generation passes through in a built worker. */
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** @typedef {import('./worker.mjs').Called} Called */

/** A task is over when the worker has called nothing for this long, in ms. The heartbeat after a task comes earlier. */
const QUIET_MS = 500

/** @param {import('node:child_process').ChildProcess} worker */
const untilDelivered = async (worker) => {
  for await (const [{ delivered }] of on(worker, 'message')) if (delivered) return
}

/**
 * @param {import('node:child_process').ChildProcess} worker
 * @returns {Promise<Called[]>} the calls since the last time
 */
const take = async (worker) => {
  worker.send('take')
  const [{ called }] = await once(worker, 'message')
  return called
}

/**
 * @param {import('avtomatika-worker/dev').DevOrchestrator} orchestrator
 * @param {import('node:child_process').ChildProcess} worker
 * @param {number} quietMs
 */
const runTask = async (orchestrator, worker, quietMs) => {
  const delivered = untilDelivered(worker)
  const { id } = await orchestrator.createJob({ task: 'double', params: { number: 21 } })
  await Promise.all([delivered, orchestrator.waitForJob(id)])
  /** @type {Called[]} */
  const all = []
  for (let size = -1; size < all.length; ) {
    size = all.length
    await pause(quietMs)
    all.push(...(await take(worker)))
  }
  return all
}

/**
 * Figures of the second task that a worker runs. By then, all modules are loaded and all connections are open.
 * @param {string} dist
 * @param {number} [quietMs]
 */
export const callsOfOneTask = async (dist, quietMs = QUIET_MS) => {
  const { startOrchestrator } = await import(pathToFileURL(join(dist, 'dev/index.js')).href)
  const orchestrator = await startOrchestrator({ generation: 'rxon' })
  const state = mkdtempSync(join(tmpdir(), 'shape-'))
  const program = fileURLToPath(new URL('worker.mjs', import.meta.url))
  const worker = fork(program, [dist, orchestrator.url], {
    env: { ...process.env, WORKER_STATE_DIR: state },
  })
  const exited = once(worker, 'exit')
  try {
    const failed = exited.then(([code]) =>
      Promise.reject(new Error(`The worker ended with exit code ${code}`)),
    )
    await Promise.race([orchestrator.waitForWorker('double'), failed])
    await Promise.race([runTask(orchestrator, worker, quietMs), failed])
    const called = await Promise.race([runTask(orchestrator, worker, quietMs), failed])
    return {
      files: new Set(called.map(({ path }) => path)).size,
      functions: called.length,
      calls: called.reduce((sum, { calls }) => sum + calls, 0),
    }
  } finally {
    if (worker.connected) worker.disconnect()
    await exited
    await orchestrator.close()
    rmSync(state, { recursive: true, force: true })
  }
}
