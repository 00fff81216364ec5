import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isObject } from '../../utils/json.js'

/** The worker that a state folder belongs to. Each worker writes this when it takes the folder. */
export interface FolderOwner {
  readonly workerId: string
  /** Whether the id was generated: no later worker will have it. */
  readonly isMadeUp: boolean
  readonly processId: number
  readonly hostname: string
  /** Identifies one boot of one machine; empty if the system has no such id. */
  readonly bootId: string
}

const FILE = 'worker.json'

/** Returns this process as the owner of a folder. */
export const currentOwner = async (workerId: string, isMadeUp: boolean): Promise<FolderOwner> => ({
  workerId,
  isMadeUp,
  processId: process.pid,
  hostname: hostname(),
  bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim(),
})

export const writeOwner = async (folder: string, owner: FolderOwner): Promise<void> => {
  await removeOwner(folder)
  await writeFile(join(folder, FILE), `${JSON.stringify(owner, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
}

export const removeOwner = (folder: string): Promise<void> => rm(join(folder, FILE), { force: true })

/** Returns the owner of a folder, or `undefined` if the folder has no readable owner. */
export const readOwner = async (folder: string): Promise<FolderOwner | undefined> => {
  try {
    const owner: unknown = JSON.parse(await readFile(join(folder, FILE), 'utf8'))
    return isObject(owner) && typeof owner['workerId'] === 'string'
      ? (owner as unknown as FolderOwner)
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns whether a free lock proves that the process of `theirs` is dead. A lock works within one machine: in a folder
 * that several machines share, the lock of a living worker on another machine looks free.
 */
export const isOfThisMachine = (theirs: FolderOwner, here: FolderOwner): boolean =>
  theirs.hostname === here.hostname || (theirs.bootId !== '' && theirs.bootId === here.bootId)
