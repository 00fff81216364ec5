import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fileWorker } from '../../support/files/file-worker.js'
import { eventually } from '../../support/interop/eventually.js'
import { startOwnS3 } from '../../support/s3/own-s3.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'

const TOO_MUCH = Buffer.alloc(12_000_000, 1)

it('a disk that is really full makes the worker say so, and go on when there is room', async ({ skip }) => {
  const disk = smallDisk(8_192)
  skip(disk === undefined, NO_DISK)
  const s3 = await startOwnS3()
  s3.objects.set('large', TOO_MUCH)
  s3.objects.set('small', Buffer.from('fits'))
  const { worker, run } = await fileWorker({
    variables: { TASK_FILES_DIR: disk, S3_ENDPOINT_URL: s3.url, S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 's' },
    tasks: (each) =>
      each
        .task('reads', async ({ file }) => ({ text: await readFile(file, 'utf8') }))
        .task('writes', (_, { files }) => files.write('large', TOO_MUCH)),
  })
  const ends: unknown[] = []
  worker.on('taskFinished', ({ error }) => ends.push([error?.code, worker.readiness.reason]))
  const full = ['TRANSIENT_ERROR', expect.stringMatching(/^the disk of TASK_FILES_DIR is full/)]
  for (const [task, file] of [
    ['writes', ''],
    ['reads', 's3://b/large'],
  ] as const) {
    const { errorMessage } = await run(task, { file })
    expect(errorMessage).toContain('ENOSPC')
    expect(ends.pop()).toEqual(full)
    await eventually('there is room', () => worker.readiness.ready)
  }
  expect((await run('reads', { file: 's3://b/small' })).history).toEqual({ text: 'fits' })
})
