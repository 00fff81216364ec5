import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isLocked } from '../../journal/folder/lock.js'
import type { Settings } from '../../settings.js'
import { OwnDirectory, UnsafeDirectoryError } from '../../utils/directories/own-directory.js'
import { isDiskFull } from '../../utils/disk-full.js'
import { type Examined, type Finding, found, passed, skipped } from './finding.js'

/** Less free space counts as a full disk, in bytes. */
const LEAST_FREE = 16 * 1_048_576
/** What is written as a trial, in bytes. */
const TRIAL_BYTES = 65_536

/** Checks the version of Node against the manifest of this package. */
export const examineNode = (version: string = process.versions.node): Examined => {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { engines } = JSON.parse(manifest) as { readonly engines: { readonly node: string } }
  const least = engines.node.replace(/^\D+/, '')
  if (version.localeCompare(least, 'en', { numeric: true }) >= 0) return passed('node', `Node ${version}`)
  return found('node', {
    code: 'node_too_old',
    severity: 'error',
    cause: `Node ${version} is too old.`,
    evidence: `This package needs Node ${engines.node}.`,
    remedy: 'Install a current version of Node.',
  })
}

/**
 * Checks the directory for accepted tasks and undelivered results, as the worker will do at its start.
 *
 * @param isOwn - whether the worker that runs here uses the directory
 */
export const examineStateDir = async (settings: Settings, isOwn: boolean): Promise<Examined> => {
  const name = 'state directory'
  const { journal, stateDir, stateDirIsDefault, workerIdIsMadeUp, isInPod } = settings
  if (!journal || stateDir === undefined) return skipped(name, 'the journal is off')
  // The next worker has another random id, so its own directory would be litter.
  const path = stateDirIsDefault && workerIdIsMadeUp ? dirname(stateDir) : stateDir
  try {
    new OwnDirectory([path], { isInPod }).open()
    if (!isOwn && (await isLocked(path))) return found(name, inUse(path))
    return (await full(path, 'WORKER_STATE_DIR')) ?? passed(name, path)
  } catch (error) {
    return found(name, unusable('state_dir_unusable', 'WORKER_STATE_DIR', path, error))
  }
}

/** Checks the directory for the files of tasks. */
export const examineTaskFilesDir = async ({ taskFilesDir, isInPod }: Settings): Promise<Examined> => {
  const name = 'task files'
  try {
    new OwnDirectory([taskFilesDir], { isInPod }).open()
    return (await full(taskFilesDir, 'TASK_FILES_DIR')) ?? passed(name, taskFilesDir)
  } catch (error) {
    return found(name, unusable('task_files_dir_unusable', 'TASK_FILES_DIR', taskFilesDir, error))
  }
}

/** @throws Error of the file system if nothing can be written for another reason */
const full = async (path: string, variable: string): Promise<Examined | undefined> => {
  const name = variable === 'TASK_FILES_DIR' ? 'task files' : 'state directory'
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  const trial = join(path, `doctor-${randomUUID()}.tmp`)
  try {
    await writeFile(trial, Buffer.alloc(TRIAL_BYTES), { mode: 0o600, flush: true })
  } catch (error) {
    if (isDiskFull(error)) return found(name, diskFull(path, variable, free))
    throw error
  } finally {
    await rm(trial, { force: true })
  }
  return free < LEAST_FREE ? found(name, diskFull(path, variable, free)) : undefined
}

const diskFull = (path: string, variable: string, free: number): Finding => ({
  code: 'disk_full',
  severity: 'error',
  cause: `The disk of ${path} is full.`,
  evidence: `${variable} names this directory; ${Math.round(free / 1_024)} KiB are free.`,
  remedy: `Free space there, or set ${variable} to a directory on another disk.`,
})

const inUse = (path: string): Finding => ({
  code: 'state_dir_in_use',
  severity: 'error',
  cause: 'Another worker of this machine has the same WORKER_ID or WORKER_STATE_DIR.',
  evidence: `A living process has the lock of ${path}.`,
  remedy: 'Stop the other worker, or give this one a WORKER_ID and a WORKER_STATE_DIR of its own.',
})

const unusable = (code: string, variable: string, path: string, error: unknown): Finding => ({
  code,
  severity: 'error',
  cause: `The directory ${path} cannot be used.`,
  evidence:
    error instanceof UnsafeDirectoryError
      ? `${error.message}.`
      : `${variable} names this directory; writing failed: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
  remedy: `Give the directory to the user of the worker with mode 0700, or set ${variable} to another one.`,
})
