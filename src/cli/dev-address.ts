import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stateHome } from '../config/env.js'
import { isObject } from '../utils/json.js'
import { wallMs } from '../utils/time.js'

/** How other commands reach an orchestrator that `dev` runs. */
export interface DevTarget {
  readonly url: string
  readonly clientToken: string
  /** `undefined` if the user has chosen it. */
  readonly workerToken?: string
}

/** The file with the address. */
export interface DevAddress {
  remove(): void
}

/**
 * Writes the address and the random tokens of an orchestrator, for the other commands of this user. Nobody else can read the
 * file. `undefined` if the user has no home directory.
 */
export const publishAddress = (target: DevTarget): DevAddress | undefined => {
  const folder = folderOfAddresses()
  if (folder === undefined) return undefined
  const path = join(folder, `${process.pid}.json`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(path, JSON.stringify({ ...target, startedAt: wallMs() }), { mode: 0o600 })
  } catch (error) {
    console.error(
      `Cannot write ${path}, so commands in other terminals need CLIENT_TOKEN: ${(error as Error).message}`,
    )
    return undefined
  }
  return { remove: () => rmSync(path, { force: true }) }
}

/** Returns the orchestrator of `dev` that started last. @param url - only an orchestrator at this URL */
export const runningDev = (url: string | undefined): DevTarget | undefined => {
  const folder = folderOfAddresses()
  if (folder === undefined) return undefined
  return namesIn(folder)
    .filter(isAlive)
    .flatMap((name) => readAddress(join(folder, name)) ?? [])
    .filter((address) => url === undefined || plain(address.url) === plain(url))
    .sort((one, other) => other.startedAt - one.startedAt)[0]
}

/** Both names lead to this machine, and a slash at the end changes nothing. */
const plain = (url: string): string => url.replace(/\/+$/, '').replace('//localhost', '//127.0.0.1')

const folderOfAddresses = (): string | undefined => {
  const home = stateHome()
  return home === undefined ? undefined : join(home, 'avtomatika-worker-dev')
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A process that was killed leaves its file. */
const isAlive = (name: string): boolean => {
  const processId = Number(/^(\d+)\.json$/.exec(name)?.[1])
  if (!Number.isSafeInteger(processId)) return false
  try {
    return process.kill(processId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const readAddress = (path: string): (DevTarget & { readonly startedAt: number }) | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (!isObject(value)) return undefined
    const { url, clientToken, workerToken, startedAt } = value
    if (typeof url !== 'string' || typeof clientToken !== 'string' || typeof startedAt !== 'number')
      return undefined
    return { url, clientToken, startedAt, ...(typeof workerToken === 'string' && { workerToken }) }
  } catch {
    // The process ended meanwhile.
    return undefined
  }
}
