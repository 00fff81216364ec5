import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  }
}

/**
 * Creates `folder` and its missing parents below `root`, but never `root` itself. A task directory may be removed while
 * a handler that was given up still writes: `mkdir` with `recursive` would create it again, without a marker and for good.
 *
 * @throws Error `ENOENT` when `root` is gone, `EEXIST` or `ENOTDIR` when a file has the name of a folder
 */
export const makeFolders = async (root: string, folder: string): Promise<void> => {
  if (folder === root) return
  try {
    await makeFolder(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await makeFolders(root, dirname(folder))
    await makeFolder(folder)
  }
}
