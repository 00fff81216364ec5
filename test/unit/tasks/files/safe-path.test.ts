import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../../../src/errors.js'
import { isInside, pathBelow, refuseLinksOut } from '../../../../src/tasks/files/safe-path.js'
import { temporaryFolder } from '../../../support/files/temporary-folder.js'

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
    await expect(refuseLinksOut(root, join(root, name))).rejects.toThrow()
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
