import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { eventually } from './eventually.js'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Takes the lock away from a process that died while it held it. */
const removeIfOrphaned = async (path: string): Promise<void> => {
  const holder = Number(await readFile(path, 'utf8').catch(() => '0'))
  if (holder > 0 && !isAlive(holder)) await rm(path, { force: true })
}

const take = async (path: string): Promise<boolean> => {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    await removeIfOrphaned(path)
    return false
  }
}

/** Runs `action` while no other process that uses the same lock file does. */
export const withFileLock = async <T>(
  path: string,
  deadlineMs: number,
  action: () => Promise<T>,
): Promise<T> => {
  await mkdir(dirname(path), { recursive: true })
  await eventually(`the lock ${path} is free`, () => take(path), { deadlineMs, pauseMs: 200 })
  try {
    return await action()
  } finally {
    await rm(path, { force: true })
  }
}
