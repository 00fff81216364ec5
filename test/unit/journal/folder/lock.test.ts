import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FolderInUseError, type Lock, takeLock } from '../../../../src/journal/folder/lock.js'
import { compiledProgram } from '../../../support/compiled-program.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

/** The path of an open file, or `undefined` if it was closed meanwhile. */
const targetOf = (fd: string): string | undefined => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

const taken = async (folder: string): Promise<Lock> => {
  const lock = await takeLock(folder)
  onTestFinished(() => lock.release())
  return lock
}

test('a folder can be locked once, and again after the release', async () => {
  const folder = temporaryFolder()
  const first = await takeLock(folder)
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
  await first.release()
  await taken(folder)
  expect(readdirSync(folder)).toEqual(['lock.2'])
})

test('one of many concurrent tries gets the lock', async () => {
  const folder = temporaryFolder()
  for (let round = 1; round <= 10; round++) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder)))
    const holders = tries.filter((each) => each.status === 'fulfilled')
    expect(holders).toHaveLength(1)
    for (const { reason } of tries.filter((each) => each.status === 'rejected'))
      expect(reason).toBeInstanceOf(FolderInUseError)
    await holders[0]?.value.release()
    expect(readdirSync(folder)).toEqual([`lock.${round}`])
  }
})

test('a killed process loses its lock', async () => {
  const folder = temporaryFolder()
  const program = compiledProgram(new URL('lock.child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(String(await once(child.stdout, 'data').then(([text]) => text))).toBe('taken\n')
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await taken(folder)
})

test('a folder whose path is too long for a socket can be locked', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(120), 'y'.repeat(60))
  mkdirSync(folder, { recursive: true })
  await taken(folder)
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
})

test('a removed lock leaves no file', async () => {
  const folder = temporaryFolder()
  await (await takeLock(folder)).remove()
  expect(readdirSync(folder)).toEqual([])
})

test('a lock that cannot be taken throws the error of the file system, and leaves no open file', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(takeLock(file)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) })
  const long = join(temporaryFolder(), 'x'.repeat(120))
  // In `/proc` nobody can create a socket.
  symlinkSync('/proc/self', long)
  const openFolders = () => readdirSync('/proc/self/fd').filter((fd) => targetOf(fd) === realpathSync(long))
  await expect(takeLock(long)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) })
  expect(openFolders()).toEqual([])
})
