import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isObject } from '../../utils/json.js'

/** Whose folder it is; written by each worker that takes it. */
export interface FolderOwner {
  readonly workerId: string
  /** Whether the id is one that nobody chose: no later worker will have it. */
  readonly isMadeUp: boolean
  readonly processId: number
  readonly hostname: string
  /** Which run of which machine; empty where the system does not tell. */
  readonly bootId: string
}

const FILE = 'worker.json'

export const currentOwner = async (workerId: string, isMadeUp: boolean): Promise<FolderOwner> => ({
  workerId,
  isMadeUp,
  processId: process.pid,
  hostname: hostname(),
  bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim(),
})

export const writeOwner = (folder: string, owner: FolderOwner): Promise<void> =>
  writeFile(join(folder, FILE), `${JSON.stringify(owner, null, 2)}\n`, { mode: 0o600 })

export const removeOwner = (folder: string): Promise<void> => rm(join(folder, FILE), { force: true })

/** `undefined`: the folder is nobody's that is known. */
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
 * Whether a free lock of `theirs` proves that its process is dead. A socket is answered for on its own machine only: in
 * a folder that several machines share, a worker on another one looks dead from here.
 */
export const isOfThisMachine = (theirs: FolderOwner, here: FolderOwner): boolean =>
  theirs.hostname === here.hostname || (theirs.bootId !== '' && theirs.bootId === here.bootId)
