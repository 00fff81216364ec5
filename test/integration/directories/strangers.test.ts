import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from 'avtomatika-worker'
import { describe, expect, onTestFinished, test } from 'vitest'
import { currentOwner } from '../../../src/journal/folder/owner.js'
import { PayloadFolder } from '../../../src/tasks/files/payload-folder.js'
import { compiledProgram } from '../../support/compiled-program.js'
import { directorySettings } from '../../support/files/directory-settings.js'
import { Child } from '../../support/interop/child-process.js'
import { linesOf } from '../../support/log-lines.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'
import { ALICE, folderOf, isRoot, MALLORY, NO_USERS, stickyFolder } from '../../support/users.js'

const PROGRAM = new URL('directories.child.ts', import.meta.url)

/** A worker of the user `uid`. */
const workerOf = async (uid: number, variables: NodeJS.ProcessEnv = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const home = folderOf(join(stickyFolder(), 'home'), uid)
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    ORCHESTRATOR_URL: orchestrator.url,
    ORCHESTRATOR_PROTOCOL: 'classic',
    WORKER_ID: `w${uid}`,
    WORKER_SHUTDOWN_TIMEOUT: '0',
    ...variables,
  }
  const child = new Child(process.execPath, [compiledProgram(PROGRAM)], { env, uid, gid: uid })
  onTestFinished(() => child.end('SIGKILL'))
  await child.says(/user \d+/)
  return { orchestrator, child, home }
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)

const NAMED = ['WORKER_STATE_DIR', 'TASK_FILES_DIR', 'WORKER_BLOB_CACHE_DIR'] as const

test.each(NAMED)('the worker does not start if everybody can change %s or its parent', async (name) => {
  const open = join(temporaryFolder(), 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  for (const path of [open, join(open, 'a')]) {
    const { worker } = testWorker({ url: 'http://127.0.0.1:1', variables: { [name]: path } })
    const error = await worker.start().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems).toEqual([
      {
        name,
        value: path,
        expected: `a directory that no other user can change, but every user can replace files in ${open} (mode 0777; chmod go-w ends that)`,
      },
    ])
    expect(worker.state).toBe('stopped')
  }
  expect(readdirSync(open)).toEqual([])
})

test.each(NAMED)(
  'the worker starts without a %s that cannot be made at present, and says so',
  async (name) => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const orchestrator = await RawOrchestrator.start()
    const variables = { [name]: join(file, 'a') }
    const { worker, logged } = testWorker({ url: orchestrator.url, variables })
    await worker.start()
    expect(logged('warn').map(({ msg, err }) => `${msg} ${err?.message}`)).toEqual([
      expect.stringMatching(/not usable.*ENOTDIR: not a directory/),
    ])
    await orchestrator.next('poll')
    orchestrator.endPoll()
  },
)

test('the files of a task are for the user of the worker, also if the system would give them to all', async () => {
  const { orchestrator, child } = await workerOf(process.getuid?.() ?? 0, {
    TASK_FILES_DIR: join(temporaryFolder(), 'payloads'),
    WORKER_KEEP_TASK_FILES: 'always',
  })
  await orchestrator.next('poll')
  orchestrator.offer('writes')
  child.tell('go on')
  const { root } = (await orchestrator.next('result')).body.result.data
  const files = ['..', '.', 'a', 'a/first.txt', 'second.txt'].map((name) => modeOf(join(root, name)))
  expect(files).toEqual(['700', '700', '700', '600', '600'])
})

describe.skipIf(!isRoot)(`with several users (${NO_USERS})`, () => {
  test.each(NAMED)('the worker does not start if a stranger has made %s', async (name) => {
    const theirs = folderOf(join(stickyFolder(), 'theirs'), MALLORY, 0o777)
    const { orchestrator, child } = await workerOf(ALICE, { [name]: join(theirs, 'a') })
    await child.ended()
    expect(child.output).toContain(`${name} = ${join(theirs, 'a')}`)
    expect(child.output).toContain(`${theirs} belongs to user ${MALLORY}`)
    expect(orchestrator.calls()).toEqual([])
    expect(readdirSync(theirs)).toEqual([])
  })

  test('an unsafe default state directory costs the journal, which is said', async () => {
    const theirs = folderOf(join(stickyFolder(), 'theirs'), MALLORY, 0o777)
    const { orchestrator, child } = await workerOf(ALICE, { HOME: theirs })
    await orchestrator.next('poll')
    expect(child.output).toContain('State directory not usable: there is no journal')
    expect(child.output).toContain(`${theirs} belongs to user ${MALLORY}`)
    expect(readdirSync(theirs)).toEqual([])
  })

  test('two users share a sticky TASK_FILES_DIR, each with files that the other cannot touch', async () => {
    const shared = stickyFolder()
    const workers = []
    for (const uid of [ALICE, MALLORY]) {
      const { orchestrator, child } = await workerOf(uid, { TASK_FILES_DIR: shared })
      await orchestrator.next('poll')
      orchestrator.offer('writes')
      child.tell('go on')
      workers.push((await orchestrator.next('result')).body.result)
    }
    expect(workers).toMatchObject([{ status: 'success' }, { status: 'success' }])
    const markers = readdirSync(shared).filter((name) => name.startsWith('.'))
    expect(markers).toEqual(['.avtomatika-worker', `.avtomatika-worker-${MALLORY}`])
    for (const name of readdirSync(shared)) expect(modeOf(join(shared, name))).toBe('700')
  })

  test('a default TASK_FILES_DIR of a stranger is not used, but one with the number of the user', () => {
    const top = stickyFolder()
    const parent = folderOf(join(top, 'payloads'), MALLORY, 0o777)
    const { logger, lines } = linesOf()
    const folder = new PayloadFolder({ ...directorySettings(parent), taskFilesDirIsDefault: true }, logger)
    for (let time = 0; time < 2; time++) {
      folder.prepare()
      expect(folder.open()).toMatchObject({
        path: `${parent}-0`,
        markers: join(`${parent}-0`, '.avtomatika-worker'),
      })
    }
    expect(lines.all.map(({ message }) => message)).toEqual([
      `Task directories are in ${parent}-0: ${parent} belongs to user ${MALLORY}. Set TASK_FILES_DIR to choose another directory`,
    ])
    expect(readdirSync(parent)).toEqual([])
  })

  test('with no safe default TASK_FILES_DIR, a task that needs files fails, and nothing is written', async () => {
    const top = stickyFolder()
    const parent = folderOf(join(top, 'payloads'), MALLORY, 0o777)
    folderOf(`${parent}-0`, MALLORY, 0o777)
    const { logger, lines } = linesOf()
    const folder = new PayloadFolder({ ...directorySettings(parent), taskFilesDirIsDefault: true }, logger)
    folder.prepare()
    expect(lines.all.map(({ message }) => message)).toEqual([
      expect.stringContaining(`TASK_FILES_DIR not usable: ${parent} belongs to user ${MALLORY}`),
    ])
    expect(() => folder.open()).toThrow(`${parent} belongs to user ${MALLORY}`)
  })

  test('a link in the place of the task directory is not followed', async () => {
    const payloads = join(temporaryFolder(), 'payloads')
    const elsewhere = folderOf(join(stickyFolder(), 'elsewhere'), ALICE)
    const { orchestrator, child } = await workerOf(process.getuid?.() ?? 0, { TASK_FILES_DIR: payloads })
    await orchestrator.next('poll')
    const root = join(payloads, orchestrator.offer('writes'))
    const first = join(root, 'a/first.txt')
    while (!existsSync(first)) await new Promise((resolve) => setImmediate(resolve))
    renameSync(root, join(payloads, 'old'))
    symlinkSync(elsewhere, root)
    child.tell('go on')
    const { status, error } = (await orchestrator.next('result')).body.result
    expect([status, error.code]).toEqual(['failure', 'TRANSIENT_ERROR'])
    expect(error.message).toBe(`Task directory was replaced: ${root} is not a directory`)
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('the state folder of a stranger is not adopted', async () => {
    const top = stickyFolder()
    const theirs = folderOf(join(top, 'theirs'), MALLORY)
    writeFileSync(join(theirs, 'worker.json'), JSON.stringify(await currentOwner('theirs', true)))
    const orchestrator = await RawOrchestrator.start()
    const variables = { WORKER_ID: undefined, WORKER_STATE_DIR: join(top, 'mine') }
    const { worker, logged } = testWorker({ url: orchestrator.url, variables })
    await worker.start()
    expect(readdirSync(theirs)).toEqual(['worker.json'])
    expect(logged('warn')).toEqual([])
    await orchestrator.next('poll')
    orchestrator.endPoll()
  })
})
