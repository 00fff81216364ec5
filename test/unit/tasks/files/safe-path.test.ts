import promises, { mkdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { InvalidInputError } from '../../../../src/errors.js'
import { isInside, pathBelow, refuseLinksOut } from '../../../../src/tasks/files/safe-path.js'
import { temporaryFolder } from '../../../support/files/temporary-folder.js'
import { replaceBuiltin } from '../../../support/replaced-builtin.js'

const ROOT = '/tasks/t-1'

const REFUSED: readonly unknown[] = [
  '',
  '.',
  './',
  '././',
  '/',
  '//',
  '..',
  '../',
  '../x',
  '../../etc/passwd',
  'a/..',
  'a/../..',
  'a/../../x',
  'a/b/../../../x',
  './../x',
  'a/./../x',
  '/etc/passwd',
  '/tasks',
  '/tasks/t-10/x',
  '/tasks/t-1/../t-2/x',
  '/tasks/t-1/',
  '//etc/passwd',
  '..\\x',
  '..\\..\\x',
  'a\\..\\x',
  '\\x',
  '\\\\server\\share',
  'C:\\x',
  'C:/x',
  'c:x',
  'a\0',
  '\0',
  'a\0/../x',
  'a/\0b',
  '..\0',
  `${'x'.repeat(256)}`,
  `a/${'ü'.repeat(128)}`,
  undefined,
  null,
  7,
  ['a'],
  { toString: () => 'a' },
]

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['a', 'a'],
  ['a.txt', 'a.txt'],
  ['./a', 'a'],
  ['a/b/c', 'a/b/c'],
  ['a//b/', 'a/b'],
  ['...', '...'],
  ['..a', '..a'],
  ['a..', 'a..'],
  ['.hidden', '.hidden'],
  ['a b + % ü 漢 🎨', 'a b + % ü 漢 🎨'],
  ['%2e%2e/x', '%2e%2e/x'],
  ['~', '~'],
  ['$HOME', '$HOME'],
  ['12:30', '12:30'],
  ['x'.repeat(255), 'x'.repeat(255)],
  ['/tasks/t-1/a/b', 'a/b'],
]

describe('the names a task may use', () => {
  it.each(REFUSED.map((name) => [name]))('refuses %j', (name) => {
    expect(() => pathBelow(ROOT, name)).toThrow(InvalidInputError)
  })

  it.each(ACCEPTED)('takes %j', (name, below) => {
    expect(pathBelow(ROOT, name)).toBe(join(ROOT, below))
  })

  it('says what is wrong with which name', () => {
    expect(() => pathBelow(ROOT, '../x')).toThrow(
      'File name "../x" refused: it leaves the directory with ".."',
    )
  })

  it.each([
    ['/tasks/t-1', true],
    ['/tasks/t-1/x', true],
    ['/tasks/t-1/..x', true],
    ['/tasks/t-10', false],
    ['/tasks', false],
    ['/', false],
  ])('%s is inside: %s', (path, inside) => {
    expect(isInside(ROOT, path)).toBe(inside)
  })
})

describe('symbolic links', () => {
  const folders = async () => {
    const folder = await temporaryFolder()
    const root = join(folder, 'root')
    await mkdir(join(root, 'inner'), { recursive: true })
    await writeFile(join(folder, 'secret'), 'secret')
    return { folder, root }
  }

  it.each([
    ['to a file outside', '../secret', 'link'],
    ['to the folder outside', '..', 'link/secret'],
    ['to a folder outside, for a new file', '..', 'link/new/deep'],
    ['to nowhere', '../not-there', 'link'],
    ['to itself', 'link', 'link'],
  ])('a link %s is refused', async (_, target, name) => {
    const { root } = await folders()
    await symlink(target, join(root, 'link'))
    await expect(refuseLinksOut(root, join(root, name))).rejects.toThrow(InvalidInputError)
  })

  it('the error shows the name of a broken link, not its path', async () => {
    const { root } = await folders()
    await symlink('not-there', join(root, 'inner/link'))
    await expect(refuseLinksOut(root, join(root, 'inner/link/x'))).rejects.toThrow(
      'File name "inner/link" refused: it is a broken symbolic link',
    )
  })

  it('a name below a file leads nowhere else', async () => {
    const { root } = await folders()
    await writeFile(join(root, 'file'), '')
    await refuseLinksOut(root, join(root, 'file/x'))
    await symlink('../secret', join(root, 'link'))
    await expect(refuseLinksOut(root, join(root, 'link/x'))).rejects.toThrow(InvalidInputError)
  })

  it('a link to another place inside is fine', async () => {
    const { root } = await folders()
    await symlink('inner', join(root, 'link'))
    await refuseLinksOut(root, join(root, 'link/new'))
  })

  it('the directory itself may be reached by a link', async () => {
    const { folder, root } = await folders()
    await symlink(root, join(folder, 'way'))
    await refuseLinksOut(join(folder, 'way'), join(folder, 'way/new'))
  })
})

describe('a check while other operations of the task run', () => {
  /** Calls `act` once, when the check has found that `path` is missing and before it learns that. */
  const onceMissing = (path: string, act: () => Promise<unknown>): void => {
    const { realpath } = promises
    let isOver = false
    replaceBuiltin(promises, 'realpath', async (each: string) => {
      try {
        return await realpath(each)
      } catch (error) {
        if (each === path && !isOver) {
          isOver = true
          await act()
        }
        throw error
      }
    })
    onTestFinished(() => expect(isOver).toBe(true))
  }

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['file', (path) => writeFile(path, '')],
    ['folder', (path) => mkdir(path)],
    ['link inside', (path) => symlink('.', path)],
  ])('a %s that has just been created is no broken link', async (_, create) => {
    const root = await temporaryFolder()
    onceMissing(join(root, 'a'), () => create(join(root, 'a')))
    await refuseLinksOut(root, join(root, 'a/b'))
  })

  it('a link out that has just been created is refused', async () => {
    const root = await temporaryFolder()
    onceMissing(join(root, 'a'), () => symlink('..', join(root, 'a')))
    await expect(refuseLinksOut(root, join(root, 'a'))).rejects.toThrow('leads out of the directory')
  })

  it('a directory that is removed meanwhile is missing, and no link is blamed', async () => {
    const root = join(await temporaryFolder(), 'root')
    await mkdir(root)
    onceMissing(join(root, 'a'), () => rmdir(root))
    await expect(refuseLinksOut(root, join(root, 'a'))).rejects.toThrow(
      `ENOENT: no such file or directory, realpath '${root}'`,
    )
  })
})
