import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolders } from '../../../src/tasks/files/make-folders.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'

it('creates all folders below the root, together with others at the same time', async () => {
  const root = await temporaryFolder()
  const folders = ['a/b/c', 'a/b/d', 'a', 'e']
  await Promise.all(folders.map((folder) => makeFolders(root, join(root, folder))))
  await makeFolders(root, join(root, 'a/b/c'))
  expect((await readdir(root, { recursive: true })).sort()).toEqual(['a', 'a/b', 'a/b/c', 'a/b/d', 'e'])
})

it.each(['', 'a', 'a/b/c'])('never creates a root that is gone: %j', async (folder) => {
  const parent = await temporaryFolder()
  const root = join(parent, 'gone')
  const made = makeFolders(root, join(root, folder))
  if (folder === '') await made
  else await expect(made).rejects.toThrow('ENOENT')
  expect(await readdir(parent)).toEqual([])
})

it.each([
  ['file', 'EEXIST'],
  ['file/sub', 'ENOTDIR'],
])('fails when a file is in the way: %s', async (folder, code) => {
  const root = await temporaryFolder()
  await writeFile(join(root, 'file'), '')
  await expect(makeFolders(root, join(root, folder))).rejects.toThrow(code)
})

it('takes a link to a folder for a folder', async () => {
  const root = await temporaryFolder()
  await mkdir(join(root, 'real'))
  await symlink('real', join(root, 'link'))
  await makeFolders(root, join(root, 'link'))
  await makeFolders(root, join(root, 'link/sub'))
  expect(await readdir(join(root, 'real'))).toEqual(['sub'])
})
