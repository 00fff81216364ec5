import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

/** The entry of the built package. */
export const BUILT = fileURLToPath(new URL('../../../dist/index.js', import.meta.url))

/** Gives a worker `worker` its task and runs it. */
export const PROGRAM = `
const worker = new Worker()
worker.task('echo', async (params, { files }) => {
  await files.write('note.txt', 'hello')
  return { data: { ...params, note: await files.read('note.txt') } }
})
void worker.runWithHealthCheck()
`

/** Runs the script of a worker until it has done a task and opened a socket. Then stops it by SIGTERM. */
export const doesItsTaskAndEnds = async (script: string): Promise<void> => {
  const orchestrator = await RawOrchestrator.start()
  // The package for sockets is loaded with the first socket.
  const dialed = new Promise<void>((resolve) =>
    orchestrator.upgrades((_, socket) => {
      socket.destroy()
      resolve()
    }),
  )
  const child = spawn(process.execPath, [script], {
    // No package is found from there.
    cwd: temporaryFolder(),
    env: {
      PATH: process.env['PATH'],
      ORCHESTRATOR_URL: orchestrator.url,
      WORKER_PORT: '0',
      WORKER_STATE_DIR: temporaryFolder(),
      TASK_FILES_DIR: temporaryFolder(),
      WORKER_ENABLE_WEBSOCKETS: 'true',
      HEARTBEAT_INTERVAL: '0.2',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const early = ended.then(async ([code]) => {
    throw new Error(`ended with ${code}: ${(await said).join('\n')}`)
  })
  early.catch(() => {})
  orchestrator.offer('echo', { n: 1 }, 't1')
  const { body } = await Promise.race([orchestrator.answered('result'), early])
  expect(body.result).toEqual({ status: 'success', data: { n: 1, note: 'hello' } })
  await Promise.race([dialed, early])
  child.kill('SIGTERM')
  orchestrator.endPoll()
  await ended
  expect(child.exitCode).toBe(0)
}
