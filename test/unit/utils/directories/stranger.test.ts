import { expect, test } from 'vitest'
import { isOpen, strangeOwner, strangerIn, type User } from '../../../../src/utils/directories/stranger.js'

const USER: User = { uid: 1000, gid: 1000, isInPod: false, rootUid: 0 }
const IN_POD: User = { ...USER, isInPod: true }

test.each<[string, number, number, number]>([
  ['of the user', 1000, 1000, 0o700],
  ['of the user, readable for all', 1000, 1000, 0o755],
  ['of root', 0, 0, 0o755],
  ['of root, writable for its group', 0, 0, 0o775],
  ['of the user, writable for the private group', 1000, 1000, 0o775],
  ['of root, sticky', 0, 0, 0o1777],
  ['of the user, sticky', 1000, 1000, 0o1777],
])('a directory %s is safe', (_, uid, gid, mode) => {
  expect(strangerIn('/d', { uid, gid, mode }, USER)).toBeUndefined()
})

test.each<[number, number, number, string]>([
  [1001, 1001, 0o700, '/d belongs to user 1001'],
  [1001, 1001, 0o1777, '/d belongs to user 1001'],
  [1000, 1000, 0o777, 'every user can replace files in /d (mode 0777; chmod go-w ends that)'],
  [0, 0, 0o777, 'every user can replace files in /d (mode 0777; chmod go-w ends that)'],
  [0, 0, 0o702, 'every user can replace files in /d (mode 0702; chmod go-w ends that)'],
  [1000, 100, 0o775, 'group 100 can replace files in /d (mode 0775; chmod go-w ends that)'],
  [0, 2000, 0o2775, 'group 2000 can replace files in /d (mode 2775; chmod go-w ends that)'],
])('a directory of user %i and group %i with mode %o is not', (uid, gid, mode, reason) => {
  expect(strangerIn('/d', { uid, gid, mode }, USER)).toBe(reason)
})

test('a group with the number of another user is no private group', () => {
  expect(isOpen({ uid: 1000, gid: 1001, mode: 0o775 }, { ...USER, gid: 1001 })).toBe('to a group')
})

test('in a pod, the mode of a volume does not matter, but its owner does', () => {
  expect(strangerIn('/d', { uid: 0, gid: 0, mode: 0o777 }, IN_POD)).toBeUndefined()
  expect(strangerIn('/d', { uid: 0, gid: 2000, mode: 0o2777 }, IN_POD)).toBeUndefined()
  expect(strangerIn('/d', { uid: 1000, gid: 2000, mode: 0o2770 }, IN_POD)).toBeUndefined()
  expect(strangerIn('/d', { uid: 1000, gid: 1000, mode: 0o777 }, IN_POD)).toMatch('every user')
  expect(strangerIn('/d', { uid: 1001, gid: 2000, mode: 0o2770 }, IN_POD)).toMatch('belongs to user 1001')
})

test('in a user namespace, the owner of / counts as root', () => {
  expect(strangeOwner('/d', 65_534, { ...USER, rootUid: 65_534 })).toBeUndefined()
  expect(strangeOwner('/d', 65_534, USER)).toBe('/d belongs to user 65534')
})
