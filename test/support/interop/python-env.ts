import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withFileLock } from './file-lock.js'

const run = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/avtomatika-interop/', import.meta.url))
const REQUIREMENTS = join(here, 'requirements.txt')
const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11']
const BUILD_DEADLINE_MS = 240_000

export interface Python {
  readonly command: string
  readonly version: string
}

// The orchestrator declares this floor; pip would refuse to install it on an older one.
const isRecentEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 11)
}

const versionOf = (command: string): string | undefined => {
  const probe = 'import sys, venv, ensurepip; print(".".join(map(str, sys.version_info[:3])))'
  const { status, stdout } = spawnSync(command, ['-c', probe], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** The first Python on the path that can run the orchestrator. */
export const findPython = (): Python | undefined => {
  for (const command of CANDIDATES) {
    const version = versionOf(command)
    if (version !== undefined && isRecentEnough(version)) return { command, version }
  }
  return undefined
}

const folderFor = async (python: Python): Promise<string> => {
  const requirements = await readFile(REQUIREMENTS)
  const key = createHash('sha256').update(requirements).update(python.version).digest('hex').slice(0, 16)
  return join(CACHE, key)
}

const build = async (python: Python, folder: string): Promise<void> => {
  console.log(`interop: installing the orchestrator for Python ${python.version} (about a minute, only once)`)
  await rm(folder, { recursive: true, force: true })
  await run(python.command, ['-m', 'venv', folder])
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    REQUIREMENTS,
  ]
  await run(join(folder, 'bin', 'python'), pip)
}

/** Builds the virtualenv unless an earlier run has finished it, and gives the folder it is in. */
export const pythonEnv = async (python: Python): Promise<string> => {
  const folder = await folderFor(python)
  // Written last: a build that was interrupted has no such file and starts again from nothing.
  const complete = join(folder, '.complete')
  if (existsSync(complete)) return folder
  await withFileLock(`${folder}.lock`, BUILD_DEADLINE_MS, async () => {
    if (existsSync(complete)) return
    await build(python, folder)
    await writeFile(complete, '')
  })
  return folder
}

/** The interpreter of a virtualenv. */
export const interpreterIn = (folder: string): string => join(folder, 'bin', 'python')
