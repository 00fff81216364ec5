import fs from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { replaceBuiltin } from './replaced-builtin.js'
import { temporaryFolder } from './temporary-folder.js'

/** Makes every synchronous write fail as on a full disk, until the returned function is called or the test ends. */
export const fullDisk = (): (() => void) =>
  replaceBuiltin(fs, 'writeSync', (...args: unknown[]) => {
    // Nothing fits, and nothing always fits.
    if (args[1] === '') return 0
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  })

/** Makes every sync hang until the returned function is called or the test ends. */
export const hangingDisk = (method: 'fdatasync' | 'fsync' = 'fdatasync'): (() => void) => {
  const waiting: ((error: null) => void)[] = []
  const restore = replaceBuiltin(fs, method, (_: number, done: (error: null) => void) => {
    waiting.push(done)
  })
  const heal = () => {
    restore()
    for (const done of waiting.splice(0)) done(null)
  }
  onTestFinished(heal)
  return heal
}

/** Makes file handles refuse to sync until the test ends, as those of Yarn's Plug'n'Play do. Descriptors still work. */
export const handlesThatCannotSync = async (): Promise<void> => {
  const handle = await open(join(temporaryFolder(), 'any'), 'w')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  for (const method of ['sync', 'datasync'] as const) {
    const spy = vi.spyOn(prototype, method).mockRejectedValue(new Error('Method not implemented.'))
    onTestFinished(() => spy.mockRestore())
  }
}
