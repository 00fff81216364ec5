import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { FolderInUseError, type Lock, takeLock } from '../../../../src/journal/folder/lock.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const taken = async (folder: string): Promise<Lock> => {
  const lock = await takeLock(folder)
  onTestFinished(() => lock.release())
  return lock
}

test('a folder is taken once, and can be taken again when it was released', async () => {
  const folder = temporaryFolder()
  const first = await takeLock(folder)
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
  await first.release()
  await taken(folder)
  expect(readdirSync(folder)).toEqual(['lock.2'])
})

test('of many that try at once, one has it', async () => {
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

test('a process that is killed has it no longer', async () => {
  const folder = temporaryFolder()
  const script = fileURLToPath(new URL('lock.child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(String(await once(child.stdout, 'data').then(([text]) => text))).toBe('taken\n')
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await taken(folder)
})

test('a path that is too long for a socket will do', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(120), 'y'.repeat(60))
  mkdirSync(folder, { recursive: true })
  await taken(folder)
  await expect(takeLock(folder)).rejects.toBeInstanceOf(FolderInUseError)
})

test('removed for good, it leaves nothing behind', async () => {
  const folder = temporaryFolder()
  await (await takeLock(folder)).remove()
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that is none is an error of the file system', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(takeLock(file)).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) })
})
