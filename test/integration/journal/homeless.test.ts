import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Child } from '../../support/interop/child-process.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const SCRIPT = fileURLToPath(new URL('../worker/process.child.ts', import.meta.url))

const fileAsHome = (): string => {
  const path = join(temporaryFolder(), 'file')
  writeFileSync(path, '')
  return path
}

// Nobody can create a file in `/sys`, not even root.
test.each<[string, () => NodeJS.ProcessEnv]>([
  ['a home that is not a directory', () => ({ HOME: fileAsHome(), XDG_STATE_HOME: undefined })],
  ['a state directory that cannot be created', () => ({ XDG_STATE_HOME: fileAsHome() })],
  ['a read-only home', () => ({ HOME: '/sys', XDG_STATE_HOME: undefined })],
])('with %s the worker logs a warning and runs without a journal', async (_, variables) => {
  const orchestrator = await RawOrchestrator.start()
  const child = new Child(process.execPath, ['--import', 'tsx', SCRIPT, orchestrator.url, 'run', 'ends'], {
    env: { ...process.env, ...variables() },
  })
  onTestFinished(() => child.end('SIGKILL'))
  await orchestrator.next('poll')
  expect(child.output).toContain('there is no journal')
  orchestrator.offer('work')
  expect((await orchestrator.next('result')).body.result).toMatchObject({ status: 'success' })
  void child.end('SIGTERM')
  await child.says(/a second signal cuts it short/)
  while (orchestrator.openPolls > 0) {
    orchestrator.endPoll()
    await orchestrator.fence()
  }
  expect(await child.ended()).toBe(0)
})
