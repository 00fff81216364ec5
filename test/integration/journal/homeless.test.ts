import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Child } from '../../support/interop/child-process.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'
import { ALICE, isRoot, NO_USERS, stickyFolder } from '../../support/users.js'

const PROGRAM = new URL('../worker/process.child.ts', import.meta.url)

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
  ['an empty HOME', () => ({ HOME: '', XDG_STATE_HOME: undefined })],
  ['a relative HOME', () => ({ HOME: 'here', XDG_STATE_HOME: 'there' })],
])('with %s the worker logs a warning and runs without a journal', async (_, variables) => {
  const orchestrator = await RawOrchestrator.start()
  const child = new Child(process.execPath, [compiledProgram(PROGRAM), orchestrator.url, 'run', 'ends'], {
    env: { ...process.env, ...variables() },
  })
  onTestFinished(() => child.end('SIGKILL'))
  await child.says(/there is no journal/)
  await orchestrator.next('poll')
  expect(child.output.match(/there is no journal/g)).toHaveLength(1)
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

test('a user without a home directory and without an entry in the list of users is told so', async ({
  skip,
}) => {
  skip(!isRoot, NO_USERS)
  const orchestrator = await RawOrchestrator.start()
  const { HOME, XDG_STATE_HOME, ...env } = process.env
  const child = new Child(process.execPath, [compiledProgram(PROGRAM), orchestrator.url, 'run', 'ends'], {
    env: { ...env, TASK_FILES_DIR: join(stickyFolder(), 'payloads') },
    uid: ALICE,
    gid: ALICE,
  })
  onTestFinished(() => child.end('SIGKILL'))
  await child.says(/"msg":"No home directory: there is no journal/)
  await orchestrator.next('poll')
  expect(child.output.match(/"msg":"No home directory: there is no journal/g)).toHaveLength(1)
})

test('on a read-only disk the worker works, without journal and files, and says so', async ({ skip }) => {
  const disk = smallDisk(64)
  skip(disk === undefined, NO_DISK)
  execFileSync('mount', ['-o', 'remount,ro', disk ?? ''])
  const orchestrator = await RawOrchestrator.start()
  const variables = { TASK_FILES_DIR: `${disk}/payloads`, WORKER_STATE_DIR: `${disk}/state` }
  const { worker, logged } = testWorker({ url: orchestrator.url, variables })
  worker.task('plain', () => ({})).task('writes', (_, { files }) => files.write('a', 'a'))
  await worker.start()
  expect(logged('warn').map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^TASK_FILES_DIR not usable: EROFS: read-only file system/),
    expect.stringMatching(/^State directory not usable: there is no journal/),
  ])
  for (const [task, status] of [
    ['plain', 'success'],
    ['writes', 'failure'],
  ] as const) {
    await orchestrator.next('poll')
    orchestrator.offer(task)
    expect((await orchestrator.next('result')).body.result).toMatchObject({ status })
  }
  await orchestrator.next('poll')
  orchestrator.endPoll()
})
