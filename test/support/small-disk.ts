import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.js'

/** Why a test is left out where {@link smallDisk} gives none. */
export const NO_DISK = 'no tmpfs can be mounted: that needs root'

/**
 * Mounts a disk of so many kilobytes for one test. Returns `undefined` and prints the reason if none can be mounted.
 *
 * @param folder - an empty folder; a new one by default
 */
export const smallDisk = (kilobytes: number, folder = temporaryFolder()): string | undefined => {
  try {
    const size = `size=${kilobytes}k`
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    console.log(NO_DISK)
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}
