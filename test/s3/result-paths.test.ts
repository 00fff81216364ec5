import { execFileSync } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskFiles } from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { fileWorker } from '../support/files/file-worker.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { startOwnS3 } from '../support/s3/own-s3.js'

type Use = (files: TaskFiles) => object | Promise<object>

interface Warning {
  readonly msg: string
  readonly paths: Readonly<Record<string, string>>
  readonly count: number
  readonly taskId: string
}

const setUp = async (use: Use, { withStore = true, ...variables }: Record<string, unknown> = {}) => {
  const s3 = await startOwnS3()
  const store = { S3_ENDPOINT_URL: s3.url, S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 's', S3_DEFAULT_BUCKET: 'b' }
  const { run, logged, folder } = await fileWorker({
    variables: { ...(withStore === true && store), ...variables },
    tasks: (worker) => {
      for (const name of ['t', 'u']) worker.task(name, async (_, { files }) => ({ data: await use(files) }))
      worker.task('echo', (params) => ({ data: params }))
    },
  })
  const warnings = (): Warning[] =>
    logged
      .map((line) => JSON.parse(line))
      .filter(({ level, msg }) => level === 40 && /^P(ath in|arams with)/.test(msg))
  return { s3, run, warnings, folder }
}

/** Runs one task. Returns its data and what was warned of. */
const warnedOf = async (use: Use, variables = {}) => {
  const { run, warnings, s3 } = await setUp(use, variables)
  const { history, taskId } = await run('t')
  return { history, taskId, warnings: warnings(), stored: [...s3.objects.keys()] }
}

describe('a path in a result that stays as it is', () => {
  it('is a warning if nothing is there', async () => {
    const { warnings, history, taskId } = await warnedOf(async (files) => {
      await files.write('report.pdf', 'x')
      const path = await files.pathTo('report.pdf')
      return { line: `${path}\n`, pages: [{ typo: path.replace('report', 'reprot') }] }
    })
    const [line, typo] = [history['line'], (history as { pages: [{ typo: string }] }).pages[0].typo]
    expect(warnings).toMatchObject([
      {
        msg: expect.stringContaining('there is no such file. Return exactly the path that files.pathTo()'),
        paths: { line, 'pages[0].typo': typo },
        count: 2,
        taskId,
      },
    ])
  })

  it('is a warning if a FIFO is there', async () => {
    const { warnings, stored } = await warnedOf((files) => {
      const odd = join(files.root, 'odd')
      execFileSync('mkfifo', [odd])
      return { odd }
    })
    expect(warnings).toMatchObject([{ msg: expect.stringContaining('neither a file nor a folder') }])
    expect(stored).toEqual([])
  })

  it('is a warning if a link leads out of the directory', async () => {
    const { warnings } = await warnedOf(async (files) => {
      await symlink('/etc/hostname', join(files.root, 'link'))
      return { link: join(files.root, 'link') }
    })
    expect(warnings).toMatchObject([{ msg: expect.stringContaining('leads out of the task directory') }])
  })

  it.each<[string, Use]>([
    [
      'beside it',
      async (files) => {
        const path = join(files.root, '..', 'shared.txt')
        await writeFile(path, 'x')
        return { path }
      },
    ],
    ['beside it, where nothing is', (files) => ({ path: join(files.root, '../not-there') })],
    [
      'elsewhere on the machine',
      async () => {
        const path = join(await temporaryFolder(), 'out.png')
        await writeFile(path, 'x')
        return { path }
      },
    ],
  ])('is a warning if it is outside the task directory: %s', async (_, use) => {
    const { warnings, history, stored } = await warnedOf(use)
    expect(warnings).toMatchObject([
      { msg: expect.stringContaining('outside the task directory'), paths: { path: history['path'] } },
    ])
    expect(stored).toEqual([])
  })

  it('is a warning even if the task has no directory', async () => {
    const { run, warnings, folder } = await setUp(() => ({}))
    await run('echo', { path: join(folder, 'results/today.csv') })
    expect(warnings()).toMatchObject([{ msg: expect.stringContaining('outside the task directory') }])
  })

  it('is no warning if the text only looks like a path', async () => {
    const { warnings } = await warnedOf(async (files) => {
      await files.write('a', 'a')
      return { route: '/users/42', slash: '/', etc: '/etc', regex: '/^a/', many: Array(50).fill('/x/y') }
    })
    expect(warnings).toEqual([])
  })

  it('is warned of once a minute for each task name and reason', async () => {
    const { run, warnings } = await setUp((files) => ({ path: join(files.root, 'not-there') }))
    for (const name of ['t', 't', 'u', 'u']) await run(name)
    expect(warnings()).toHaveLength(2)
  })
})

describe('a path outside the task directory that leads into it', () => {
  it('is uploaded', async () => {
    const other = join(await temporaryFolder(), 'current')
    const { history, taskId, warnings } = await warnedOf(async (files) => {
      await files.write('out/a', 'a')
      await symlink(files.root, other)
      await symlink(join(files.root, 'out/a'), `${other}.txt`)
      return { file: join(other, 'out/a'), folder: join(other, 'out'), link: `${other}.txt` }
    })
    const file = `s3://b/${taskId}/out/a`
    expect(history).toEqual({ file, folder: `s3://b/${taskId}/out/`, link: file })
    expect(warnings).toEqual([])
  })
})

describe('without a store', () => {
  const use: Use = async (files) => {
    await files.write('report.pdf', 'x')
    return { report: await files.pathTo('report.pdf'), other: '/etc/hostname', root: '/' }
  }

  it('a path in the task directory is a warning that names the way out', async () => {
    const { warnings, history } = await warnedOf(use, { withStore: false })
    expect(warnings).toMatchObject([
      {
        msg: expect.stringContaining(
          'no store is configured, and the file is removed after the task. Set S3_ENDPOINT_URL',
        ),
        paths: { report: history['report'] },
        count: 1,
      },
    ])
  })

  it('a path whose file is kept is none', async () => {
    const { warnings } = await warnedOf(use, { withStore: false, WORKER_KEEP_TASK_FILES: 'always' })
    expect(warnings).toEqual([])
  })

  it('s3:// values in params are passed on, with one warning', async () => {
    const { run, warnings } = await setUp(use, { withStore: false })
    await run('echo', { text: 'see s3://b/k', list: [{ n: 1 }] })
    expect(warnings()).toEqual([])
    for (let count = 0; count < 3; count++) {
      const { history } = await run('echo', { list: [{ file: 's3://b/k' }] })
      expect(history).toEqual({ list: [{ file: 's3://b/k' }] })
    }
    expect(warnings()).toMatchObject([
      { msg: expect.stringContaining('Set S3_ENDPOINT_URL'), uri: 's3://b/k' },
    ])
  })
})
