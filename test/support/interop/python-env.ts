import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from './cached-folder.js'
import { type EnvName, requirementsOf } from './requirements.js'

const run = promisify(execFile)
const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11']

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

const build = async (python: Python, name: EnvName, requirements: string, folder: string): Promise<void> => {
  console.log(`interop: installing ${name} for Python ${python.version} (about half a minute, only once)`)
  await run(python.command, ['-m', 'venv', folder])
  const list = join(folder, 'requirements.txt')
  await writeFile(list, requirements)
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', list]
  await run(join(folder, 'bin', 'python'), pip)
}

/** Builds the virtual environment unless an earlier run has finished it, and gives its interpreter. */
export const pythonEnv = async (python: Python, name: EnvName): Promise<string> => {
  const requirements = await requirementsOf(name)
  const key = createHash('sha256').update(requirements).update(python.version).digest('hex').slice(0, 16)
  const folder = await cachedFolder(`${name}-${key}`, (each) => build(python, name, requirements, each))
  return join(folder, 'bin', 'python')
}
