import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { DiskSpace } from '../../../src/tasks/files/disk-space.js'
import { OwnDirectory } from '../../../src/utils/directories/own-directory.js'
import { Wake } from '../../../src/utils/wake.js'
import { listing } from '../../support/files/listing.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'

const diskFull = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** The space in `directory`, and a promise for the moment in which a probe succeeds. */
const spaceIn = (directory: string) => {
  const wake = new Wake()
  const space = new DiskSpace(new OwnDirectory([directory], {}), wake)
  const hasSpace = new Promise<void>((resolve) =>
    wake.listen(() => {
      if (space.trouble === undefined) resolve()
    }),
  )
  return { space, hasSpace }
}

/** Nothing tells of a probe that failed, except the timer of the next one. */
const nextProbeScheduled = async () => {
  while (vi.getTimerCount() === 0) await new Promise<void>((resolve) => setImmediate(resolve))
}

it('creates a directory that is missing, and leaves no probe file', async () => {
  const directory = join(await temporaryFolder(), 'not', 'there')
  const { space, hasSpace } = spaceIn(directory)
  space.notice(diskFull)
  expect(space.trouble).toBe(`the disk of TASK_FILES_DIR is full: ${directory}`)
  await hasSpace
  expect(await listing(directory)).toEqual([])
})

it('takes no other error for a full disk', async () => {
  const { space } = spaceIn(await temporaryFolder())
  space.notice(new Error('broken'))
  expect(space.trouble).toBeUndefined()
})

it('probes again after five seconds and not earlier', async () => {
  const obstacle = join(await temporaryFolder(), 'file')
  await writeFile(obstacle, '')
  const { space, hasSpace } = spaceIn(join(obstacle, 'payloads'))
  space.notice(diskFull)
  await nextProbeScheduled()
  space.notice(diskFull)
  expect(vi.getTimerCount()).toBe(1)
  await rm(obstacle)
  await vi.advanceTimersByTimeAsync(4_999)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(vi.getTimerCount()).toBe(0)
  await hasSpace
})

it('schedules no probe when it is closed during one', async () => {
  const obstacle = join(await temporaryFolder(), 'file')
  await writeFile(obstacle, '')
  const { space } = spaceIn(join(obstacle, 'payloads'))
  space.notice(diskFull)
  await space.close()
  expect(vi.getTimerCount()).toBe(0)
})

it('cancels the next probe when it is closed between two', async () => {
  const obstacle = join(await temporaryFolder(), 'file')
  await writeFile(obstacle, '')
  const { space } = spaceIn(join(obstacle, 'payloads'))
  space.notice(diskFull)
  await nextProbeScheduled()
  await space.close()
  expect(vi.getTimerCount()).toBe(0)
})

it('leaves no probe file when it is closed during a probe, and starts none afterwards', async () => {
  const directory = await temporaryFolder()
  const { space } = spaceIn(directory)
  space.notice(diskFull)
  await space.close()
  expect(await listing(directory)).toEqual([])
  space.notice(diskFull)
  expect(space.trouble).toBeUndefined()
})
