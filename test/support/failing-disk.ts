import fs from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from './temporary-folder.js'

/** Makes every synchronous write fail as on a full disk, until the returned function is called or the test ends. */
export const fullDisk = (): (() => void) => {
  const write = fs.writeSync
  const spy = vi.spyOn(fs, 'writeSync').mockImplementation((...args: unknown[]) => {
    // Nothing fits, and nothing always fits.
    if (args[1] === '') return 0
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  })
  syncBuiltinESMExports()
  const heal = () => {
    spy.mockRestore()
    syncBuiltinESMExports()
  }
  onTestFinished(() => {
    if (fs.writeSync !== write) heal()
  })
  return heal
}

/** Makes every `datasync` (or `sync`) hang until the returned function is called or the test ends. */
export const hangingDisk = async (method: 'datasync' | 'sync' = 'datasync'): Promise<() => void> => {
  const handle = await open(join(temporaryFolder(), 'any'), 'w')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  let answer: () => void = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const spy = vi.spyOn(prototype, method).mockReturnValue(answered)
  const heal = () => {
    spy.mockRestore()
    answer()
  }
  onTestFinished(heal)
  return heal
}
