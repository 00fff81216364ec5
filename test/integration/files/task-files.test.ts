import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { TaskFiles } from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { StateError } from '../../../src/errors.js'
import { Wake } from '../../../src/utils/wake.js'
import { directorySettings } from '../../support/files/directory-settings.js'
import { fileWorker } from '../../support/files/file-worker.js'
import { listing } from '../../support/files/listing.js'
import { linesOf } from '../../support/log-lines.js'

/** Runs `use` as a handler; what it throws comes back as the job's error. */
const withFiles = async (
  use: (files: TaskFiles, params: Record<string, string>) => object | Promise<object>,
  variables = {},
) => {
  const setup = await fileWorker({
    variables,
    tasks: (worker) => worker.task('t', async (params, { files }) => ({ data: await use(files, params) })),
  })
  return { ...setup, job: await setup.run('t') }
}

const historyOf = async (use: (files: TaskFiles) => object | Promise<object>) =>
  (await withFiles(use)).job.history

describe('what a handler does with its files', () => {
  it('writes and reads text and bytes, and adds to the end', async () => {
    const history = await historyOf(async (files) => {
      await files.write('a.txt', 'Grüße')
      await files.write('a.txt', ' 🎨', 'a')
      await files.write('b.bin', Buffer.from([0, 255, 1]))
      await files.write('b.bin', new Uint8Array([2]), 'ab')
      const bytes = await files.read('b.bin', 'rb')
      return { text: await files.read('a.txt'), bytes: [...bytes], isBuffer: Buffer.isBuffer(bytes) }
    })
    expect(history).toEqual({ text: 'Grüße 🎨', bytes: [0, 255, 1, 2], isBuffer: true })
  })

  it('writes instead of what was there', async () => {
    const history = await historyOf(async (files) => {
      await files.write('a.txt', 'long before')
      await files.write('a.txt', 'short')
      return { text: await files.read('a.txt') }
    })
    expect(history).toEqual({ text: 'short' })
  })

  it('writes from streams and iterables', async () => {
    const history = await historyOf(async (files) => {
      const numbers = async function* () {
        yield '1'
        yield Buffer.from('2')
      }
      await files.write('stream', Readable.from(['a', 'b']))
      await files.write('async', numbers())
      await files.write('sync', ['x', 'y'])
      return {
        stream: await files.read('stream'),
        async: await files.read('async'),
        sync: await files.read('sync'),
      }
    })
    expect(history).toEqual({ stream: 'ab', async: '12', sync: 'xy' })
  })

  it('makes sub-folders as they are needed, and lists names in order', async () => {
    const history = await historyOf(async (files) => {
      await files.write('z/y/x.txt', 'deep')
      await files.write('b', '')
      await files.write('a', '')
      return { top: await files.list(), inner: await files.list('z'), deep: await files.read('z/y/x.txt') }
    })
    expect(history).toEqual({ top: ['a', 'b', 'z'], inner: ['y'], deep: 'deep' })
  })

  it('asks what is there without making anything', async () => {
    const { job, folder } = await withFiles(async (files) => ({
      file: await files.exists('a'),
      list: await files.list(),
      read: await files.read('a').catch((error) => error.code),
    }))
    expect(job.history).toEqual({ file: false, list: [], read: 'ENOENT' })
    expect(await listing(folder)).toEqual([])
  })

  it('says that nothing exists below a file, or in a directory that the handler removed', async () => {
    const history = await historyOf(async (files) => {
      await files.write('a', 'text')
      const belowFile = await files.exists('a/b')
      await rm(files.root, { recursive: true })
      return { belowFile, removed: await files.exists('a') }
    })
    expect(history).toEqual({ belowFile: false, removed: false })
  })

  it('gives the path of a file that another program is to write', async () => {
    const { job, folder } = await withFiles(async (files) => {
      const path = await files.pathTo('out/picture.png')
      await writeFile(path, 'png')
      return {
        path,
        root: files.root,
        there: await files.exists('out/picture.png'),
        again: await files.read(path),
      }
    })
    const root = join(folder, job.taskId ?? '')
    expect(job.history).toEqual({ path: join(root, 'out/picture.png'), root, there: true, again: 'png' })
  })

  it('opens files, and closes them', async () => {
    const history = await historyOf(async (files) => {
      const length = await files.open('a', 'w', async (file) => (await file.write('hello')).bytesWritten)
      const handle = await files.open('a', 'rb+')
      await handle.write('J', 0)
      await handle.close()
      const failed = await files
        .open('a', 'r', () => Promise.reject(new Error('mine')))
        .catch((e) => e.message)
      await using kept = await files.open('a')
      return { length, text: await kept.readFile('utf8'), failed }
    })
    expect(history).toEqual({ length: 5, text: 'Jello', failed: 'mine' })
  })

  it('streams out of and into files', async () => {
    const history = await historyOf(async (files) => {
      await pipeline(Readable.from(['abc', 'def']), files.createWriteStream('s/a'))
      await pipeline(Readable.from(['ghi']), files.createWriteStream('s/a', 'a'))
      await pipeline(files.createReadStream('s/a', { start: 1, end: 6 }), files.createWriteStream('b'))
      return { a: await files.read('s/a'), b: await files.read('b') }
    })
    expect(history).toEqual({ a: 'abcdefghi', b: 'bcdefg' })
  })

  it.each(['read', 'write', 'open', 'exists', 'pathTo', 'list'] as const)(
    '%s refuses a name that leaves the directory, and the job fails as one with bad params',
    async (method) => {
      const { job } = await withFiles(async (files) => {
        if (method === 'write') await files.write('../x', 'x')
        else await files[method]('../x')
        return {}
      })
      expect(job).toMatchObject({
        status: 'failed',
        errorMessage: expect.stringContaining('it leaves the directory'),
      })
    },
  )

  it('streams refuse such names, too, and links out', async () => {
    const history = await historyOf(async (files) => {
      await symlink('/', join(files.root, 'link'))
      const into = (name: string) =>
        pipeline(Readable.from(['x']), files.createWriteStream(name)).catch((error) => error.code)
      const from = await files
        .createReadStream('link/etc/passwd')
        .toArray()
        .catch((error) => error.code)
      return { up: await into('../x'), link: await into('link/tmp/avtomatika-x'), from }
    })
    expect(history).toEqual({
      up: 'INVALID_INPUT_ERROR',
      link: 'INVALID_INPUT_ERROR',
      from: 'INVALID_INPUT_ERROR',
    })
  })

  it('refuses modes it does not know', async () => {
    const { job } = await withFiles(async (files) => ({ text: await files.read('a', 'w' as 'r') }))
    expect(job.errorMessage).toContain('Invalid file mode "w"')
  })
})

describe('how much the directory may hold', () => {
  it('is what TASK_FILES_MAX_BYTES says, over all files', async () => {
    const { job } = await withFiles(
      async (files) => {
        await files.write('a', 'x'.repeat(600))
        await files.write('b', 'x'.repeat(400))
        const over = await files.write('c', Readable.from(['x'])).catch((error) => error.code)
        return { over }
      },
      { TASK_FILES_MAX_BYTES: 1_000 },
    )
    expect(job.history).toEqual({ over: 'PERMANENT_ERROR' })
  })
})

describe.each<[string, (files: TaskFiles, name: string, bytes: number) => Promise<unknown>]>([
  ['write()', (files, name, bytes) => files.write(name, 'x'.repeat(bytes))],
  [
    'a stream',
    (files, name, bytes) => pipeline(Readable.from(['x'.repeat(bytes)]), files.createWriteStream(name)),
  ],
  [
    'a stream that was given several pieces at once',
    async (files, name, bytes) => {
      const stream = files.createWriteStream(name)
      for (let sent = 0; sent < bytes; sent += 100) stream.write('x'.repeat(100))
      await finished(stream.end())
    },
  ],
  ['a handle', (files, name, bytes) => files.open(name, 'w', (file) => file.write('x'.repeat(bytes)))],
  [
    'a handle that is closed by itself',
    async (files, name, bytes) => {
      await using file = await files.open(name, 'w')
      await file.write('x'.repeat(bytes))
    },
  ],
])('TASK_FILES_MAX_BYTES binds %s', (_, write) => {
  it('and a file that is written anew counts once', async () => {
    const { job } = await withFiles(
      async (files) => {
        await write(files, 'a', 600)
        await write(files, 'a', 600)
        await write(files, 'b', 400)
        const over = await write(files, 'c', 100).catch((error) => error.code)
        return { over, a: (await files.read('a')).length, b: (await files.read('b')).length }
      },
      { TASK_FILES_MAX_BYTES: 1_000 },
    )
    expect(job.history).toEqual({ over: 'PERMANENT_ERROR', a: 600, b: 400 })
  })
})

describe('the task id', () => {
  it.each(['..', '../../x', 'a/b', '/abs', 'nul\0', '.avtomatika-worker', 'x'.repeat(600)])(
    'is no path: %j',
    async (taskId) => {
      const { TaskDirectories } = await import('../../../src/tasks/files/task-directories.js')
      const { temporaryFolder } = await import('../../support/files/temporary-folder.js')
      const parent = join(await temporaryFolder(), 'inner')
      const directories = new TaskDirectories(directorySettings(parent), undefined as never, new Wake())
      const path = directories.open(taskId).make()
      expect(join(path, '..')).toBe(parent)
      expect(await listing(parent)).toHaveLength(1)
      directories.released(taskId, { kind: 'cancelled' })
      await directories.idle()
      expect(await listing(parent)).toEqual([])
    },
  )

  it('never takes over a folder that somebody else has made', async () => {
    const { PayloadFolder } = await import('../../../src/tasks/files/payload-folder.js')
    const { claimDirectory } = await import('../../../src/tasks/files/claims.js')
    const { thisProcess } = await import('../../../src/tasks/files/directory-owner.js')
    const { temporaryFolder } = await import('../../support/files/temporary-folder.js')
    const parent = await temporaryFolder()
    await mkdir(join(parent, 't-1'))
    await writeFile(join(parent, 't-1/mine'), 'mine')
    const folder = new PayloadFolder(directorySettings(parent), linesOf().logger)
    const claim = claimDirectory(folder, 't-1', thisProcess('w'))
    expect(claim.path).toBe(join(parent, 't-1~2'))
    expect(await readFile(join(parent, 't-1/mine'), 'utf8')).toBe('mine')
  })
})

describe('when the task is over', () => {
  it('a handler that goes on cannot make a directory any longer', async () => {
    let files: TaskFiles | undefined
    const { worker, run } = await fileWorker({
      tasks: (each) =>
        each.task('t', (_, ctx) => {
          files = ctx.files
        }),
    })
    const delivered = new Promise((resolve) => worker.on('resultDelivered', resolve))
    await run('t')
    await delivered
    await expect(files?.write('a', 'x')).rejects.toThrow(StateError)
  })
})
