import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PermanentError, type TaskContext, TransientError, type Worker } from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { TaskDirectories } from '../../../src/tasks/files/task-directories.js'
import { Wake } from '../../../src/utils/wake.js'
import { directorySettings } from '../../support/files/directory-settings.js'
import { fileWorker } from '../../support/files/file-worker.js'
import { listing } from '../../support/files/listing.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { eventually } from '../../support/interop/eventually.js'
import { linesOf } from '../../support/log-lines.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'

const writes = async ({ files }: TaskContext) => {
  await files.write('sub/a.txt', 'a')
  return {}
}
const fails = async (ctx: TaskContext) => {
  await writes(ctx)
  throw new PermanentError('broken')
}
const tasks = (worker: Worker) =>
  worker.task('writes', (_, ctx) => writes(ctx)).task('fails', (_, ctx) => fails(ctx))

const isEmpty = (folder: string) => async () => (await listing(folder)).length === 0

const directoriesIn = (parent: string, workerId = 'w-1', log = linesOf().logger) => {
  return new TaskDirectories(directorySettings(parent, workerId), log, new Wake())
}

describe('a task directory', () => {
  it.each(['writes', 'fails'])('goes when the result has been taken: %s', async (name) => {
    const { folder, run } = await fileWorker({ tasks })
    await run(name)
    await eventually('the directory is gone', isEmpty(folder))
    const notes = () => readdir(join(folder, '.avtomatika-worker'))
    await eventually('so is the note of it', async () => (await notes()).length === 0)
  })

  it('is there until the result has been taken', async () => {
    const seen: string[][] = []
    const { worker, folder, run } = await fileWorker({ tasks })
    worker.on('taskFinished', () => void listing(folder).then((names) => seen.push(names)))
    const { taskId } = await run('writes')
    await eventually('the directory is gone', isEmpty(folder))
    expect(seen).toEqual([[taskId]])
  })

  it('is removed before stop() resolves', async () => {
    const { worker, folder, run } = await fileWorker({ tasks })
    await run('writes')
    await worker.stop({ pollGraceMs: 0 })
    expect(await listing(folder)).toEqual([])
  })

  it.each([
    ['on-failure', 'fails', 1],
    ['on-failure', 'writes', 0],
    ['always', 'writes', 1],
  ] as const)('WORKER_KEEP_TASK_FILES=%s, the task %s: %i stay', async (keep, name, left) => {
    const variables = { WORKER_KEEP_TASK_FILES: keep, WORKER_ID: 'keeper' }
    const { worker, folder, run, logged } = await fileWorker({ tasks, variables })
    const { taskId } = await run(name)
    await worker.stop({ pollGraceMs: 0 })
    expect(await listing(folder)).toEqual(left ? [taskId] : [])
    expect(logged.join('').includes('Task directory kept')).toBe(left === 1)
    const successor = directoriesIn(folder, 'keeper')
    successor.sweep(() => false)
    await successor.idle()
    expect(await listing(folder)).toHaveLength(left)
  })
})

describe('what a crash has left behind', () => {
  /** A process with a worker that is killed while a task runs. */
  const crash = async (folder: string, workerId: string) => {
    const program = fileURLToPath(new URL('crashing-worker.child.ts', import.meta.url))
    const orchestrator = await testOrchestrator()
    const worker = await orchestrator.startWorker(program, {
      env: { TASK_FILES_DIR: folder, WORKER_ID: workerId },
      execArgv: ['--import', 'tsx'],
    })
    await orchestrator.createJob({ task: 't' })
    await eventually(
      'the task has written',
      () => worker.output.includes('written'),
      {},
      () => worker.output,
    )
    await orchestrator.killWorker(worker)
  }

  it('goes at the next start, and nothing else does', async () => {
    const setup = await temporaryFolder()
    const folder = join(setup, 'payloads')
    await mkdir(join(folder, 'somebody'), { recursive: true })
    await writeFile(join(folder, 'somebody/precious'), 'mine')
    const alive = directoriesIn(folder, 'neighbour')
    await writeFile(join(alive.open('neighbour-task').make(), 'a'), 'a')
    await crash(folder, 'crasher')
    expect(await listing(folder)).toHaveLength(3)
    await fileWorker({ tasks, variables: { TASK_FILES_DIR: folder, WORKER_ID: 'another' } })
    await eventually('it is gone', async () => (await listing(folder)).length === 2)
    expect(await listing(folder)).toEqual(['neighbour-task', 'somebody'])
    expect(await readFile(join(folder, 'somebody/precious'), 'utf8')).toBe('mine')
  })

  it('stays as long as a result on its way needs it', async () => {
    const folder = join(await temporaryFolder(), 'payloads')
    await crash(folder, 'crasher')
    const [left = ''] = await listing(folder)
    const successor = directoriesIn(folder, 'crasher')
    successor.sweep((taskId) => taskId === left)
    await successor.idle()
    expect(await listing(folder)).toEqual([left])
    successor.released(left, { kind: 'value', status: 'success' })
    await successor.idle()
    expect(await listing(folder)).toEqual([])
    expect(await readdir(join(folder, '.avtomatika-worker'))).toEqual([])
  })

  it('stays with the directory of a new run of the task until both results are acknowledged', async () => {
    const folder = join(await temporaryFolder(), 'payloads')
    await crash(folder, 'crasher')
    const [left = ''] = await listing(folder)
    const successor = directoriesIn(folder, 'crasher')
    successor.open(left).make()
    successor.sweep(() => true)
    await successor.idle()
    for (const remaining of [[left, `${left}~2`], []]) {
      successor.released(left, { kind: 'value', status: 'success' })
      await successor.idle()
      expect(await listing(folder)).toEqual(remaining)
    }
    expect(await readdir(join(folder, '.avtomatika-worker'))).toEqual([])
  })

  it('goes although the directory of another task cannot be removed', async ({ skip }) => {
    const folder = join(await temporaryFolder(), 'payloads')
    await crash(folder, 'crasher')
    const [left = ''] = await listing(folder)
    const markers = join(folder, '.avtomatika-worker')
    const marker = JSON.parse(await readFile(join(markers, left), 'utf8'))
    await mkdir(join(folder, 'other'))
    await writeFile(
      join(markers, 'other'),
      JSON.stringify({ ...marker, directory: 'other', taskId: 'other' }),
    )
    const [stuck = '', removable] = await readdir(markers)
    const mount = join(folder, stuck, 'mount')
    await mkdir(mount)
    skip(smallDisk(64, mount) === undefined, NO_DISK)
    expect(await listing(folder)).toEqual([stuck, removable].sort())
    const { logger, lines } = linesOf()
    const successor = directoriesIn(folder, 'crasher', logger)
    successor.sweep(() => false)
    await successor.idle()
    expect(await listing(folder)).toEqual([stuck])
    expect(lines.all.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ fields: { err: expect.objectContaining({ code: 'EBUSY' }) } }),
    ])
  })

  it('is taken over by one of several workers that start at once', async () => {
    const folder = join(await temporaryFolder(), 'payloads')
    await crash(folder, 'crasher')
    const several = Array.from({ length: 5 }, (_, index) => directoriesIn(folder, `w-${index}`))
    for (const each of several) each.sweep(() => false)
    await Promise.all(several.map((each) => each.idle()))
    expect(await listing(folder)).toEqual([])
  })
})

describe('two workers on one TASK_FILES_DIR', () => {
  it('leave each other alone, with the same task, too', async () => {
    const folder = join(await temporaryFolder(), 'payloads')
    const [one, other] = [directoriesIn(folder, 'w-1'), directoriesIn(folder, 'w-2')]
    const paths = [one.open('same').make(), other.open('same').make()]
    expect(paths).toEqual([join(folder, 'same'), join(folder, 'same~2')])
    one.sweep(() => false)
    other.sweep(() => false)
    one.released('same', { kind: 'cancelled' })
    await Promise.all([one.idle(), other.idle()])
    expect(await listing(folder)).toEqual(['same~2'])
  })
})

describe('two workers that run', () => {
  it('share a TASK_FILES_DIR, and each clears away its own', async () => {
    const shared = join(await temporaryFolder(), 'payloads')
    let entered = 0
    let meet = () => {}
    const meeting = new Promise<void>((resolve) => {
      meet = resolve
    })
    const start = (id: string) =>
      fileWorker({
        variables: { TASK_FILES_DIR: shared, WORKER_ID: id },
        tasks: (worker) =>
          worker.task('t', async (_, { files, taskId }) => {
            await files.write('mine', taskId)
            // Both write before either reads.
            if (++entered === 2) meet()
            await meeting
            return { mine: await files.read('mine'), names: await files.list() }
          }),
      })
    const workers = await Promise.all([start('one'), start('other')])
    const jobs = await Promise.all(workers.map(({ run }) => run('t')))
    for (const { taskId, history } of jobs) expect(history).toEqual({ mine: taskId, names: ['mine'] })
    await eventually('both directories are gone', isEmpty(shared))
  })
})

describe('a TASK_FILES_DIR that cannot be had', () => {
  it('leaves no marker behind when the disk is full', async ({ skip }) => {
    const disk = smallDisk(64)
    skip(disk === undefined, NO_DISK)
    const directories = directoriesIn(disk ?? '')
    directories.open('first').make()
    await expect(writeFile(join(disk ?? '', 'filler'), Buffer.alloc(65_536))).rejects.toThrow('ENOSPC')
    expect(() => directories.open('second').make()).toThrow(TransientError)
    expect(await readdir(join(disk ?? '', '.avtomatika-worker'))).toEqual(['first'])
  })

  it('fails the task as one that may be tried elsewhere, and names the variable', async () => {
    const parent = join(await temporaryFolder(), 'file')
    await writeFile(parent, '')
    const { run } = await fileWorker({ tasks, variables: { TASK_FILES_DIR: parent } })
    const job = await run('writes')
    expect(job.errorMessage).toContain('TASK_FILES_DIR')
  })
})
