import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import { readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ObjectStore, TaskFiles } from 'avtomatika-worker'
import { describe, expect, it, onTestFinished } from 'vitest'
import { removeTree } from '../../../src/tasks/files/remove-tree.js'
import { compiledProgram } from '../../support/compiled-program.js'
import { fileWorker } from '../../support/files/file-worker.js'
import { listing } from '../../support/files/listing.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { Child } from '../../support/interop/child-process.js'
import { nextEvent } from '../../support/next-event.js'
import { ALICE, folderOf, isRoot, NO_USERS, stickyFolder } from '../../support/users.js'

const PROGRAM = new URL('remove-tree.child.ts', import.meta.url)

const makeFifo = (path: string) => execFileSync('mkfifo', [path])

/** A store that keeps the paths of uploads. */
const pathsStore = () => {
  const paths: string[] = []
  const store: ObjectStore = {
    async *list() {},
    download: async () => ({ size: 0 }),
    upload: async (path) => {
      paths.push(path)
      return { size: 1, etag: 'e' }
    },
  }
  return { store, paths }
}

const setUp = async (use: (files: TaskFiles) => object | Promise<object>, variables = {}) => {
  const { store, paths } = pathsStore()
  const setup = await fileWorker({
    variables,
    objectStore: store,
    tasks: (worker) => {
      worker.task('t', async (_, { files }) => ({ data: await use(files) }))
      worker.task('other', async (_, { files }) => {
        await files.write('a', 'a')
        return { text: await files.read('a') }
      })
      worker.task('idle', () => ({ done: true }))
    },
  })
  return { ...setup, paths }
}

/** A folder whose path is much longer than system calls accept: each folder is made on its own and then moved inwards. */
const makeDeepFolder = (root: string, levels: number): void => {
  const name = 'd'.repeat(200)
  const [inner, outer] = [join(root, 'inner'), join(root, 'outer')]
  mkdirSync(inner)
  for (let level = 0; level < levels; level++) {
    mkdirSync(outer)
    renameSync(inner, join(outer, name))
    renameSync(outer, inner)
  }
  renameSync(inner, join(root, 'deep'))
}

const latin1 = (folder: string, name: string) =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])

describe('a FIFO', () => {
  it.each<[string, (files: TaskFiles) => Promise<unknown>]>([
    ['read()', (files) => files.read('pipe')],
    ['write()', (files) => files.write('pipe', 'x')],
    ['open()', (files) => files.open('pipe')],
    ['createReadStream()', (files) => files.createReadStream('pipe').toArray()],
    ['readJson()', (files) => files.readJson('pipe')],
    ['upload()', (files) => files.upload('pipe')],
  ])('is refused by %s, because to open it could take forever', async (_, use) => {
    const { run } = await setUp(async (files) => {
      makeFifo(await files.pathTo('pipe'))
      await symlink('pipe', join(files.root, 'link'))
      return {
        direct: await use(files).catch((error) => error.message),
        link: await files.read('link').catch((error) => error.message),
      }
    })
    expect((await run('t')).history).toEqual({
      direct: 'File name "pipe" refused: it is a FIFO, not a file',
      link: 'File name "link" refused: it is a FIFO, not a file',
    })
  })

  it('among the markers of TASK_FILES_DIR holds up neither the start nor the end of a worker', async () => {
    const parent = join(await temporaryFolder(), 'payloads')
    mkdirSync(join(parent, '.avtomatika-worker'), { recursive: true, mode: 0o700 })
    chmodSync(parent, 0o700)
    makeFifo(join(parent, '.avtomatika-worker/pipe'))
    const { worker, run } = await setUp(() => ({}), { TASK_FILES_DIR: parent })
    expect((await run('other')).history).toEqual({ text: 'a' })
    await worker.stop({ pollGraceMs: 0 })
    expect(await listing(parent)).toEqual([])
  })
})

describe('a socket', () => {
  it('is refused, too', async () => {
    const { run } = await setUp(async (files) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(join(files.root, 's'), resolve))
      const message = await files.read('s').catch((error) => error.message)
      await new Promise((resolve) => server.close(resolve))
      return { message }
    })
    expect((await run('t')).history).toEqual({
      message: 'File name "s" refused: it is a socket, not a file',
    })
  })
})

describe('names', () => {
  it.each([
    ['longer than 4,095 bytes in all', `${'d/'.repeat(2_100)}x`, 'its path is longer than 4095 bytes'],
    ['with half of a surrogate pair', 'a\ud800b', 'half of a surrogate pair'],
  ])('%s are invalid', async (_, name, why) => {
    const { run } = await setUp(async (files) => {
      await files.write(name, 'x')
      return {}
    })
    expect(await run('t')).toMatchObject({ status: 'failed', errorMessage: expect.stringContaining(why) })
  })

  it('that are not UTF-8 fail the upload of their folder for good, other tasks go on, and all is removed', async () => {
    const { run, folder, paths, worker } = await setUp(async (files) => {
      await files.write('out/good', 'good')
      await writeFile(latin1(join(files.root, 'out'), 'caf\xe9'), 'bad')
      mkdirSync(latin1(files.root, 'd\xe9p\xf4t'))
      await writeFile(latin1(files.root, 'd\xe9p\xf4t/x'), 'bad')
      return { out: await files.pathTo('out') }
    })
    const delivered = nextEvent(worker, 'resultDelivered')
    expect(await run('t')).toMatchObject({
      status: 'quarantined',
      errorMessage: expect.stringContaining('File "caf\\xe9" cannot be uploaded: its name is not UTF-8'),
    })
    await delivered
    expect(paths).toEqual([])
    expect((await run('other')).history).toEqual({ text: 'a' })
    await worker.stop({ pollGraceMs: 0 })
    expect(await listing(folder)).toEqual([])
  })
})

describe('folders below folders, far beyond 4,096 bytes', () => {
  it('cannot be uploaded, and are removed', async () => {
    const { run, folder, worker } = await setUp(
      (files) => {
        makeDeepFolder(files.root, 40)
        return { deep: join(files.root, 'deep') }
      },
      { TASK_FILES_MAX_BYTES: 1_000_000 },
    )
    expect(await run('t')).toMatchObject({
      status: 'quarantined',
      errorMessage: expect.stringContaining('a path in it is too long'),
    })
    expect((await run('other')).history).toEqual({ text: 'a' })
    await worker.stop({ pollGraceMs: 0 })
    expect(await listing(folder)).toEqual([])
  })

  it('are removed with odd names, FIFOs and folders without access in them', async () => {
    const top = await temporaryFolder()
    const tree = join(top, 'tree')
    mkdirSync(tree)
    makeFifo(join(tree, 'pipe'))
    mkdirSync(join(tree, 'closed'))
    await writeFile(latin1(join(tree, 'closed'), '\xff'), 'x')
    chmodSync(join(tree, 'closed'), 0)
    makeDeepFolder(tree, 100)
    await rename(join(tree, 'pipe'), join(tree, 'deep', 'pipe'))
    await removeTree(tree)
    expect(await readdir(top)).toEqual([])
    await removeTree(tree)
  })
})

describe('folders that forbid it', () => {
  it('are removed by a user who is not root', async ({ skip }) => {
    skip(!isRoot, NO_USERS)
    const home = folderOf(join(stickyFolder(), 'home'), ALICE)
    const child = new Child(process.execPath, [compiledProgram(PROGRAM), home], { uid: ALICE, gid: ALICE })
    onTestFinished(() => child.end('SIGKILL'))
    expect(await child.ended()).toBe(0)
    expect(await readdir(home)).toEqual([])
  })
})

describe.each(['/proc/avtomatika', '/sys/avtomatika/a', '/dev/null', '/dev/null/a/b', '/proc/self/fd/x'])(
  'TASK_FILES_DIR=%s, which cannot be made',
  (parent) => {
    it('is a warning at the start, and fails only tasks that need files', async () => {
      const { run, logged } = await setUp(() => ({}), { TASK_FILES_DIR: parent })
      expect(logged.join('')).toContain('TASK_FILES_DIR not usable')
      expect((await run('idle')).history).toEqual({ done: true })
      expect(await run('other')).toMatchObject({
        status: 'quarantined',
        errorMessage: expect.stringContaining('Task directory cannot be created in TASK_FILES_DIR'),
      })
    })
  },
)
