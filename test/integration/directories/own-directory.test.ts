import {
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  isTrustedOwner,
  OwnDirectory,
  strangerAt,
  UnsafeDirectoryError,
} from '../../../src/utils/directories/own-directory.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ALICE, folderOf, isRoot, MALLORY, NO_USERS, stickyFolder } from '../../support/users.js'

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8)
const open = (path: string, isShared = false) => new OwnDirectory([path], { isShared }).open()

describe('a directory', () => {
  it('is created with its parents, for this user only', () => {
    const top = temporaryFolder()
    open(join(top, 'a/b/c'))
    for (const path of ['a', 'a/b', 'a/b/c']) expect(modeOf(join(top, path))).toBe('700')
  })

  it('keeps its mode if it exists', () => {
    const path = folderOf(join(temporaryFolder(), 'a'), process.getuid?.() ?? 0, 0o755)
    open(path)
    expect(modeOf(path)).toBe('755')
  })

  it('may be reached over links', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'releases/7'), { recursive: true })
    symlinkSync('releases/7', join(top, 'current'))
    symlinkSync(join(top, 'releases/7/../../current'), join(top, 'link'))
    const path = join(top, 'link/payloads')
    expect(open(path)).toMatchObject({ path, realPath: join(top, 'releases/7/payloads') })
    expect(readdirSync(join(top, 'releases/7'))).toEqual(['payloads'])
  })

  it('is not found at the end of a circle of links', () => {
    const path = join(temporaryFolder(), 'circle')
    symlinkSync(path, path)
    expect(() => open(path)).toThrow('ELOOP: too many symbolic links')
  })

  it('is not a file', () => {
    const path = join(temporaryFolder(), 'file')
    writeFileSync(path, '')
    expect(() => open(join(path, 'a'))).toThrow(`ENOTDIR: not a directory, '${path}'`)
  })

  it('that everybody can change is refused, and so is one below it', () => {
    const path = folderOf(join(temporaryFolder(), 'open'), process.getuid?.() ?? 0, 0o777)
    for (const each of [path, join(path, 'a/b')]) expect(() => open(each)).toThrow(UnsafeDirectoryError)
    expect(readdirSync(path)).toEqual([])
  })

  it('is found again, or made again, when it was removed or replaced', () => {
    const top = temporaryFolder()
    const directory = new OwnDirectory([join(top, 'a')], {})
    directory.open()
    renameSync(join(top, 'a'), join(top, 'b'))
    directory.open()
    expect(readdirSync(top).sort()).toEqual(['a', 'b'])
    renameSync(join(top, 'a'), join(top, 'c'))
    symlinkSync('b', join(top, 'a'))
    expect(directory.open().realPath).toBe(join(top, 'b'))
  })
})

describe.skipIf(!isRoot)(`with several users (${NO_USERS})`, () => {
  it.each<[string, (top: string) => string]>([
    ['belongs to a stranger', (top) => folderOf(join(top, 'a'), MALLORY)],
    ['is below a folder of a stranger', (top) => join(folderOf(join(top, 'a'), MALLORY, 0o777), 'b')],
    ['is far below one', (top) => join(folderOf(join(top, 'a'), MALLORY, 0o755), 'b/c/d')],
    [
      'is reached over a link of a stranger',
      (top) => {
        mkdirSync(join(top, 'mine'))
        symlinkSync('mine', join(top, 'link'))
        lchownSync(join(top, 'link'), MALLORY, MALLORY)
        return join(top, 'link/a')
      },
    ],
    [
      'is reached over a link into a folder of a stranger',
      (top) => {
        folderOf(join(top, 'theirs'), MALLORY)
        symlinkSync('theirs', join(top, 'link'))
        return join(top, 'link')
      },
    ],
    [
      'has the name of a file of a stranger',
      (top) => {
        writeFileSync(join(top, 'a'), '')
        lchownSync(join(top, 'a'), MALLORY, MALLORY)
        return join(top, 'a')
      },
    ],
  ])('a directory that %s is refused, and nothing is created', (_, prepare) => {
    const top = stickyFolder()
    const path = prepare(top)
    const before = readdirSync(top, { recursive: true })
    for (const isShared of [false, true])
      expect(() => open(path, isShared)).toThrow(new UnsafeDirectoryError(expectedFor(path, top)))
    expect(readdirSync(top, { recursive: true })).toEqual(before)
  })

  /** The part of the path that belongs to the stranger. */
  const expectedFor = (path: string, top: string) => {
    const [first = ''] = path.slice(top.length + 1).split('/')
    const target = first === 'link' && lstatSync(join(top, first)).uid === 0 ? 'theirs' : first
    return `${join(top, target)} belongs to user ${MALLORY}`
  }

  it('a sticky directory holds files of strangers only if it is shared', () => {
    const top = stickyFolder()
    open(top)
    folderOf(join(top, 'theirs'), MALLORY)
    expect(() => open(top)).toThrow(`${join(top, 'theirs')} belongs to user ${MALLORY}`)
    expect(open(top, true).path).toBe(top)
  })

  it('a directory that a stranger has put in its place is refused', () => {
    const top = stickyFolder()
    const directory = new OwnDirectory([join(top, 'a')], {})
    directory.open()
    renameSync(join(top, 'a'), join(top, 'b'))
    folderOf(join(top, 'a'), MALLORY, 0o777)
    expect(() => directory.open()).toThrow(UnsafeDirectoryError)
  })

  it('the next path is used, and the reason is known', () => {
    const top = stickyFolder()
    folderOf(join(top, 'a'), MALLORY)
    const directory = new OwnDirectory([join(top, 'a'), join(top, 'b')], {})
    expect(directory.path).toBe(join(top, 'a'))
    directory.open()
    expect(directory.path).toBe(join(top, 'b'))
    expect(directory.obstacle).toEqual(
      new UnsafeDirectoryError(`${join(top, 'a')} belongs to user ${MALLORY}`),
    )
  })

  it('the owner of a file is known', () => {
    const path = folderOf(join(temporaryFolder(), 'a'), ALICE)
    expect(strangerAt(path)).toBe(`${path} belongs to user ${ALICE}`)
    expect([isTrustedOwner(ALICE), isTrustedOwner(0)]).toEqual([false, true])
  })
})
