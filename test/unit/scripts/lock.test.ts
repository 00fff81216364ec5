import { expect, it } from 'vitest'
import { missingFrom, platformOf } from '../../../scripts/lock.mjs'

it.each([
  ['@a/cli-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
  ['@a/binding-linux-s390x-gnu', { os: ['linux'], cpu: ['s390x'], libc: ['glibc'] }],
  ['@a/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@a/darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  ['@a/binding-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
  ['fsevents', undefined],
])('%s runs on %o', (name, platform) => {
  expect(platformOf(name)).toEqual(platform)
})

it('adds the platform packages that are named and not there, and nothing else', () => {
  const optionalDependencies = {
    '@a/linux-x64': '1.2.3',
    '@a/darwin-x64': '1.2.3',
    '@a/win32-x64': '1.2.3',
    '@a/linux-arm64': '^1.0.0',
    fsevents: '2.0.0',
  }
  const packages = {
    'node_modules/a': { version: '1.2.3', dev: true, optionalDependencies },
    'node_modules/@a/linux-x64': { version: '1.2.3' },
    'node_modules/a/node_modules/@a/darwin-x64': { version: '1.2.3' },
  }
  expect(missingFrom(packages)).toEqual({
    'node_modules/@a/win32-x64': { version: '1.2.3', dev: true, optional: true, os: ['win32'], cpu: ['x64'] },
  })
})
