import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInThisContext } from 'node:vm'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAbortListeners } from '../../support/left-open/abort-listeners.js'
import { census, surplusTo } from '../../support/left-open/census.js'
import { openTimers } from '../../support/left-open/timers.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const here = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** Runs code as if it were a file of the package. */
const inPackage = (code: string) => runInThisContext(code, { filename: here('src/any.ts') })

describe('a timer of the package', () => {
  it('is named with its place until it is cleared', () => {
    const timer = inPackage('setTimeout(() => {}, 60_000)')
    expect(openTimers()).toEqual([expect.stringContaining('src/any.ts:1')])
    clearTimeout(timer)
    expect(openTimers()).toEqual([])
  })

  it('is named until it is called', async () => {
    const called = new Promise<void>((resolve) => inPackage('(then) => void setTimeout(then, 1)')(resolve))
    expect(openTimers()).toHaveLength(1)
    await called
    expect(openTimers()).toEqual([])
  })

  it('is named on a clock that is held, and after that', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const timer = inPackage('setTimeout(() => {}, 60_000)')
    inPackage('setTimeout(() => {}, 10)')
    vi.advanceTimersByTime(10)
    expect(openTimers()).toHaveLength(1)
    vi.useRealTimers()
    expect(openTimers()).toHaveLength(1)
    clearTimeout(timer)
    expect(openTimers()).toEqual([])
  })
})

it('a timer of a test is its own business', () => {
  const timer = setTimeout(() => {}, 60_000)
  expect(openTimers()).toEqual([])
  clearTimeout(timer)
})

it('a listener of an abort signal is named until it is removed, or the signal has aborted', () => {
  const [removed, aborted] = [new AbortController(), new AbortController()]
  const listen = inPackage("(signal, listener) => signal.addEventListener('abort', listener)")
  const listener = () => {}
  for (const { signal } of [removed, aborted]) listen(signal, listener)
  expect(openAbortListeners()).toHaveLength(2)
  removed.signal.removeEventListener('abort', listener)
  aborted.abort()
  expect(openAbortListeners()).toEqual([])
})

it('a server and a listener of the process are counted while they are there', async () => {
  const before = census()
  const server = createServer().listen(0)
  await once(server, 'listening')
  process.on('SIGTERM', surplusTo)
  const found = surplusTo(before)
  process.off('SIGTERM', surplusTo)
  server.close()
  await once(server, 'close')
  expect(found).toEqual(['1 × TCPServerWrap', '1 × listener of the process for SIGTERM'])
  await vi.waitFor(() => expect(surplusTo(before)).toEqual([]))
})

it('a test that leaves something open fails', () => {
  const root = temporaryFolder()
  const files = {
    'vitest.config.js': `export default { test: { globals: true, setupFiles: ${JSON.stringify(here('test/support/left-open/setup.ts'))} } }`,
    'a.test.js': `
      import { runInThisContext } from 'node:vm'
      const set = () => runInThisContext('setTimeout(() => {}, 60_000)', { filename: ${JSON.stringify(here('src/any.ts'))} })
      it('leaves a timer', () => void set())
      it('leaves none', () => clearTimeout(set()))`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  const args = [here('node_modules/vitest/vitest.mjs'), 'run', '--root', root, '--reporter=json']
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const [{ assertionResults }] = JSON.parse(stdout).testResults
  expect(
    assertionResults.map(({ title, status }: { title: string; status: string }) => [title, status]),
  ).toEqual([
    ['leaves a timer', 'failed'],
    ['leaves none', 'passed'],
  ])
  expect(assertionResults[0].failureMessages[0]).toContain(
    'The test has left open: a timer, set at src/any.ts:1',
  )
})
