import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from '../../../src/worker.js'

/**
 * Run as a process of its own, configured by its environment: a worker that says on its standard output what happens,
 * a line each, and dies without a word when it is told to.
 */
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent }

const worker = new Worker({ logger: silent })
worker.task(process.env['ECHO'] ?? 'echo', async (params) => {
  if (params['ms'] !== undefined) await pause(Number(params['ms']))
  return { data: params }
})
// Some orchestrators give a poll the task of another worker with which it shares a task name.
if (process.env['ECHO'] === undefined) {
  worker.task('hang', (_params, { taskId }) => {
    say(`hangs ${taskId}`)
    return new Promise(() => {})
  })
  worker.task('die', () => {
    process.kill(process.pid, 'SIGKILL')
  })
}
worker.on('registered', () => say('registered'))
worker.on('taskStarted', ({ taskId }) => say(`took ${taskId}`))
worker.on('taskFinished', ({ taskId }) => say(`finished ${taskId}`))
worker.on('resultDelivered', ({ taskId }) => say(`delivered ${taskId}`))
worker.on('resultRefused', ({ taskId }) => say(`dead ${taskId}`))
process.once('SIGTERM', () => void worker.stop({ pollGraceMs: Number(process.env['POLL_GRACE_MS'] ?? 0) }))
try {
  await worker.start()
  say(`started ${worker.id}`)
} catch (error) {
  say(`refused ${String(error).replaceAll('\n', ' ')}`)
}
