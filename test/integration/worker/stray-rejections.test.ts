import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Inbox } from '../../support/inbox.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'

const PROGRAM = new URL('stray-rejections.child.ts', import.meta.url)
/** From here on tasks are traced from the start: it costs nothing there. */
const isTracedAtOnce = Number.parseInt(process.versions.node, 10) >= 24

/** A process with a worker in it. */
const launch = async (mode = '') => {
  const orchestrator = await ScriptedOrchestrator.start()
  const env = {
    ...process.env,
    ORCHESTRATOR_URL: orchestrator.url,
    // Its server is one of the first generation.
    ORCHESTRATOR_PROTOCOL: 'classic',
    WORKER_JOURNAL: 'off',
    WORKER_SHUTDOWN_TIMEOUT: '0',
  }
  const child = spawn(process.execPath, [compiledProgram(PROGRAM), mode], { env })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const said = new Inbox<string>()
  // The worker's own lines are JSON.
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) said.put(line)
  })
  const stray = (taskId: string, type = 'stray') =>
    orchestrator.offer(taskId, type, { why: `why of ${taskId}` })
  return { orchestrator, child, exited, said, stray, stderr: text(child.stderr) }
}

describe('a promise that a handler leaves behind and that rejects', () => {
  test('does not end a worker that runs the process; its task is named, from the second one on at the latest', async () => {
    const { orchestrator, child, exited, said, stray } = await launch()
    stray('t1')
    expect(await said.next()).toBe(`told: why of t1 of ${isTracedAtOnce ? 't1' : 'nobody'}`)
    stray('t2')
    expect(await said.next()).toBe('told: why of t2 of t2')
    stray('t3', 'stray_timer')
    expect(await said.next()).toBe('told: why of t3 of t3')
    stray('t4', 'stray_null')
    expect(await said.next()).toBe('told: null of t4')
    orchestrator.offer('t5', 'echo', { still: 'alive' })
    expect(await orchestrator.resultOf('t5')).toEqual({ status: 'success', data: { still: 'alive' } })
    expect((await orchestrator.resultOf('t1')).status).toBe('success')
    child.kill('SIGTERM')
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
  })

  test('is the business of an application that only starts a worker', async () => {
    const { exited, stray, stderr, said } = await launch('starts only')
    stray('t1')
    expect(await exited).toEqual([1, null])
    expect(await stderr).toContain('why of t1')
    expect(said.all).toEqual([])
  })

  test('is heard by a listener of the application, too', async () => {
    const { said, stray } = await launch('listens itself')
    stray('t1')
    await said.first((line) => line === 'heard: why of t1')
    stray('t2')
    await said.first((line) => line === 'heard: why of t2')
    await said.first((line) => line === 'told: why of t2 of t2')
    expect(said.all.filter((line) => line.includes('nobody'))).toEqual([])
  })
})

test('a rejection that cannot be a handler’s ends the process, as ever', async () => {
  const { exited, stderr, said } = await launch('rejects itself')
  expect(await exited).toEqual([1, null])
  expect(await stderr).toContain('not a handler')
  expect(said.all).toEqual([])
})
