import { once } from 'node:events'
import { expect, it } from 'vitest'
import { TaskCancelledError } from '../../../src/errors.js'
import { TaskDirectories } from '../../../src/tasks/files/task-directories.js'
import { TaskFiles } from '../../../src/tasks/files/task-files.js'
import { TaskSignal } from '../../../src/tasks/task-signal.js'
import { Wake } from '../../../src/utils/wake.js'
import { directorySettings } from '../../support/files/directory-settings.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { linesOf } from '../../support/log-lines.js'

const setUp = async (maxBytes?: number) => {
  const settings = { ...directorySettings(await temporaryFolder(), 'w-1'), taskFilesMaxBytes: maxBytes }
  const directories = new TaskDirectories(settings, linesOf().logger, new Wake())
  const signal = new TaskSignal()
  return { files: new TaskFiles(directories.open('t-1'), signal), signal }
}

const aborted = { name: 'AbortError' }

it.each([undefined, 1_000])(
  'an abort ends a write whose source goes on, with the quota %s',
  async (maxBytes) => {
    const { files, signal } = await setUp(maxBytes)
    const source = async function* () {
      yield 'a'
      signal.abort(new TaskCancelledError())
      for (let piece = 0; piece < 10_000; piece++) yield ''
    }
    await expect(files.write('a', source())).rejects.toMatchObject(aborted)
  },
)

it('an abort ends a read', async () => {
  const { files, signal } = await setUp()
  await files.write('a', 'text')
  const reading = files.read('a')
  signal.abort(new TaskCancelledError())
  await expect(reading).rejects.toMatchObject(aborted)
})

it.each(['createReadStream', 'createWriteStream'] as const)(
  'an abort destroys a stream: %s',
  async (create) => {
    const { files, signal } = await setUp()
    await files.write('a', 'text')
    const stream = files[create]('a')
    await once(stream, 'open')
    const failed = once(stream, 'error')
    signal.abort(new TaskCancelledError())
    expect(await failed).toMatchObject([aborted])
    expect(stream.destroyed).toBe(true)
  },
)
