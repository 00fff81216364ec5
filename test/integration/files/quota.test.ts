import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore, TaskFiles } from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { Quota } from '../../../src/tasks/files/quota.js'
import { fileWorker } from '../../support/files/file-worker.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'

const LIMIT = { TASK_FILES_MAX_BYTES: 1_000 }

const letters = (count: number) => 'x'.repeat(count)

const codeOf = (error: unknown) => (error as { code?: string }).code

/** Runs `use` as a handler with a directory of 1,000 bytes. Returns what the handler returned. */
const within1000 = async (use: (files: TaskFiles) => Promise<object>, objectStore?: ObjectStore) => {
  const { run } = await fileWorker({
    variables: LIMIT,
    ...(objectStore && { objectStore }),
    tasks: (worker) => worker.task('t', async (_, { files }) => ({ data: await use(files) })),
  })
  const job = await run('t')
  expect(job.errorMessage).toBeUndefined()
  return job.history
}

const endless = async function* (piece: string) {
  for (;;) yield piece
}

describe('the limit of a task directory', () => {
  it('is a running count: a write does not measure the directory again', async () => {
    const history = await within1000(async (files) => {
      await writeFile(await files.pathTo('of another program'), letters(900))
      await files.write('a', letters(200))
      // The limit is reached by the count alone. Only now is the directory measured.
      const over = await files.write('b', letters(801)).catch(codeOf)
      const again = await files.write('b', letters(1)).catch(codeOf)
      return { over, again }
    })
    expect(history).toEqual({ over: 'PERMANENT_ERROR', again: 'PERMANENT_ERROR' })
  })

  it('counts writers that run at the same time together', async () => {
    const history = await within1000(async (files) => {
      const streams = ['a', 'b', 'c'].map((name) => files.write(name, Readable.from([letters(400)])))
      const codes = (await Promise.allSettled(streams)).map((each) =>
        each.status === 'fulfilled' ? 'written' : codeOf(each.reason),
      )
      return { codes: codes.sort() }
    })
    expect(history).toEqual({ codes: ['PERMANENT_ERROR', 'written', 'written'] })
  })

  it.each<[string, (files: TaskFiles) => Promise<unknown>]>([
    ['write()', (files) => files.write('endless', endless(letters(100)))],
    ['a stream', (files) => pipeline(endless(letters(100)), files.createWriteStream('endless'))],
  ])('stops %s of unknown length as soon as it is reached', async (_, write) => {
    const history = await within1000(async (files) => {
      await files.write('before', letters(350))
      const code = await write(files).catch(codeOf)
      const { size } = await stat(await files.pathTo('endless'))
      // The bytes of the file that stayed count, and no others.
      const rest = await files.write('rest', letters(650 - size)).then(() => 'fits', codeOf)
      return { code, isWithin: size <= 650, rest }
    })
    expect(history).toEqual({ code: 'PERMANENT_ERROR', isWithin: true, rest: 'fits' })
  })

  it.each<[string, (files: TaskFiles, name: string) => Promise<unknown>]>([
    ['write()', (files, name) => files.write(name, letters(600))],
    ['a stream', (files, name) => pipeline([letters(600)], files.createWriteStream(name))],
    ['a handle', (files, name) => files.open(name, 'w', (file) => file.write(letters(600)))],
  ])('has room again for %s after the handler has removed files itself', async (_, write) => {
    const history = await within1000(async (files) => {
      for (const name of ['a', 'b', 'c', 'd']) {
        await write(files, name)
        await rm(await files.pathTo(name))
      }
      return { names: await files.list() }
    })
    expect(history).toEqual({ names: [] })
  })

  it('counts a handle by what it changed, and a file that is opened anew once', async () => {
    const history = await within1000(async (files) => {
      await files.write('a', letters(700))
      await files.open('a', 'r+', (file) => file.truncate(100))
      await files.write('b', letters(900))
      await files.open('b', 'w', (file) => file.write(letters(10)))
      await files.write('c', letters(890))
      const over = await files.open('b', 'a', (file) => file.write(letters(1))).catch(codeOf)
      return { over }
    })
    expect(history).toEqual({ over: 'PERMANENT_ERROR' })
  })

  it('binds a store that tells the size of an object only as its bytes come', async () => {
    let sent = 0
    const store: ObjectStore = {
      async *list() {},
      upload: async () => ({ size: 0 }),
      download: async (_from, path, { onProgress }) => {
        for (; sent < 100_000; sent += 100) {
          await writeFile(path, letters(100), { flag: 'a' })
          onProgress?.(sent + 100)
        }
        return { size: sent }
      },
    }
    const history = await within1000(async (files) => {
      await files.write('before', letters(500))
      const code = await files.download('s3://b/large').catch(codeOf)
      return {
        code,
        names: await files.list(),
        fits: await files.write('rest', letters(500)).then(() => true),
      }
    }, store)
    expect(history).toEqual({ code: 'PERMANENT_ERROR', names: ['before'], fits: true })
    expect(sent).toBeLessThan(2_000)
  })

  it('finds before the uploads what other programs have written', async () => {
    const uploaded: string[] = []
    const store: ObjectStore = {
      async *list() {},
      download: async () => ({ size: 0 }),
      upload: async (path) => {
        uploaded.push(path)
        return { size: 1 }
      },
    }
    const { run } = await fileWorker({
      variables: LIMIT,
      objectStore: store,
      tasks: (worker) =>
        worker.task('t', async (_, { files }) => {
          await mkdir(join(files.root, 'deep/deeper'), { recursive: true })
          await writeFile(await files.pathTo('deep/deeper/frame'), letters(1_001))
          return { out: await files.pathTo('deep') }
        }),
    })
    expect(await run('t')).toMatchObject({
      status: 'quarantined',
      errorMessage: expect.stringContaining('TASK_FILES_MAX_BYTES'),
    })
    expect(uploaded).toEqual([])
  })
})

describe('a measurement', () => {
  const quotaOf = async () => {
    const root = await temporaryFolder()
    const quota = new Quota(1_000, () => root)
    const write = (name: string, bytes: number) => writeFile(join(root, name), letters(bytes))
    return { root, quota, write, room: (bytes: number) => quota.add(join(root, 'probe'), bytes) }
  }

  it('passes over files and folders that are gone since they were listed', async () => {
    const { root, quota, write, room } = await quotaOf()
    for (let number = 0; number < 300; number++) await write(`stays-${number}`, 1)
    let isOver = false
    const churn = (async () => {
      for (let number = 0; !isOver; number++) {
        const folder = join(root, `goes-${number % 20}`)
        await mkdir(folder, { recursive: true })
        await writeFile(join(folder, 'file'), 'x')
        await rm(folder, { recursive: true })
      }
    })()
    try {
      for (let count = 0; count < 50; count++) await quota.measure()
    } finally {
      isOver = true
      await churn
    }
    await quota.measure()
    expect(() => room(701)).toThrow('TASK_FILES_MAX_BYTES')
    room(700)
  })

  it('keeps the count of files that are written meanwhile', async () => {
    const { root, quota, write, room } = await quotaOf()
    await write('done', 100)
    const path = join(root, 'arriving')
    quota.begin(path, true)
    quota.add(path, 300)
    const measured = quota.measure()
    quota.add(path, 200)
    await measured
    expect(() => room(401)).toThrow('TASK_FILES_MAX_BYTES')
    room(400)
    quota.end(path)
  })

  it('counts names that are not UTF-8, and no links', async () => {
    const { root, quota, room } = await quotaOf()
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9)]), letters(300))
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe8)]), letters(300))
    await quota.measure()
    expect(() => room(401)).toThrow('TASK_FILES_MAX_BYTES')
    room(400)
  })

  it('is no need if the handler has removed the files that it wrote last', async () => {
    const root = await temporaryFolder()
    let measured = 0
    const quota = new Quota(1_000, () => {
      measured++
      return root
    })
    const write = async (name: string, bytes: number) => {
      const path = join(root, name)
      quota.begin(path, true)
      await quota.addMeasured(path, bytes)
      await writeFile(path, letters(bytes))
      quota.end(path)
      return path
    }
    for (let number = 0; number < 50; number++) await write(`stays-${number}`, 10)
    for (let number = 0; number < 20; number++) await rm(await write(`goes-${number}`, 500))
    expect(measured).toBe(0)
    await write('last', 500)
    await expect(write('over', 1)).rejects.toThrow('TASK_FILES_MAX_BYTES')
    expect(measured).toBe(1)
  })

  it('that was begun too early is made again for those who wait, once for all of them', async () => {
    const root = await temporaryFolder()
    let measured = 0
    const quota = new Quota(1_000, () => {
      measured++
      return root
    })
    quota.set(join(root, 'removed'), 1_000)
    for (let number = 0; number < 50; number++) {
      await writeFile(join(root, `later-${number}`), 'x')
      quota.set(join(root, `later-${number}`), 1)
    }
    const names = ['a', 'b', 'c']
    await Promise.all([quota.measure(), ...names.map(() => quota.measure())])
    expect(measured).toBe(2)
    await Promise.all(names.map((name) => quota.addMeasured(join(root, name), 100)))
    expect(measured).toBe(2)
  })
})

describe('a store that finds a larger version of an object while it is downloaded', () => {
  it('announces only the additional bytes, and they count, too', async () => {
    let bytes = 0
    const store: ObjectStore = {
      async *list() {
        yield { key: 'p/a', size: 300 }
      },
      upload: async () => ({ size: 0 }),
      download: async (_from, path, { accept }) => {
        accept?.(400)
        accept?.(bytes - 400)
        await writeFile(path, letters(bytes))
        return { size: bytes }
      },
    }
    const history = await within1000(async (files) => {
      const codes: unknown[] = []
      for (bytes of [1_001, 1_000])
        codes.push(await files.download('s3://b/p/a', 'a').then(() => 'fits', codeOf))
      await rm(await files.pathTo('a'))
      for (bytes of [1_001, 1_000])
        codes.push(await files.download('s3://b/p/', 'p').then(() => 'fits', codeOf))
      return { codes, over: await files.write('b', 'x').catch(codeOf) }
    }, store)
    const codes = ['PERMANENT_ERROR', 'fits', 'PERMANENT_ERROR', 'fits']
    expect(history).toEqual({ codes, over: 'PERMANENT_ERROR' })
  })
})
