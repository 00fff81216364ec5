import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { withFileLock } from './file-lock.js'

// One for all checkouts on this machine: what is in a folder depends on its name alone.
const CACHE = join(homedir(), '.cache', 'avtomatika-interop')
const BUILD_DEADLINE_MS = 540_000

/** A folder of the cache, built unless an earlier run has finished it. */
export const cachedFolder = async (
  name: string,
  build: (folder: string) => Promise<void>,
): Promise<string> => {
  const folder = join(CACHE, name)
  // Written last: a build that was interrupted has no such file and starts again from nothing.
  const complete = join(folder, '.complete')
  if (existsSync(complete)) return folder
  await withFileLock(`${folder}.lock`, BUILD_DEADLINE_MS, async () => {
    if (existsSync(complete)) return
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await build(folder)
    await writeFile(complete, '')
  })
  return folder
}
