import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { temporaryFolder } from './temporary-folder.js'

/** Why a test is left out that plays several users. */
export const NO_USERS = 'files cannot be given to other users: that needs root'

export const isRoot = process.geteuid?.() === 0

/** Users of the tests. They need no entry in the list of users of this machine. */
export const [ALICE, MALLORY] = [31_001, 31_002]

/** Makes a folder with an owner and a mode. Returns its path. */
export const folderOf = (path: string, uid: number, mode = 0o700): string => {
  mkdirSync(path)
  chownSync(path, uid, uid)
  chmodSync(path, mode)
  return path
}

/** A folder like `/tmp`, for one test: every user may write to it. */
export const stickyFolder = (): string => {
  const folder = temporaryFolder()
  chmodSync(folder, 0o1777)
  return folder
}
