import { describe, expect, test } from 'vitest'
import { isResumable, pieceIn, versionIn } from '../../../src/storage/object-version.js'

const version = versionIn({ ETag: '"e"', ContentLength: 10 })

describe('a version', () => {
  test.each([
    [{ ETag: '"e"', ContentLength: 10 }, true],
    [{ VersionId: '7', ContentLength: 10 }, true],
    [{ ETag: '"e"' }, false],
    [{ ContentLength: 10 }, false],
    [{ ETag: 'W/"e"', ContentLength: 10 }, false],
    [{ ETag: '""', ContentLength: 10 }, false],
    [{ VersionId: 'null', ContentLength: 10 }, false],
    [{ ETag: '"e"', ContentRange: 'bytes 0-4/10', ContentLength: 5 }, true],
    [{ ETag: '"e"', ContentRange: 'bytes 0-4/*', ContentLength: 5 }, false],
  ])('can be continued if it has a size and a name: %o %s', (headers, expected) => {
    expect(isResumable(versionIn(headers))).toBe(expected)
  })

  test('has the size of the object, not of the piece', () => {
    expect(versionIn({ ContentRange: 'bytes 0-4/10', ContentLength: 5 }).size).toBe(10)
  })
})

describe('the first response', () => {
  test.each([
    [{}, 200, 'beginning'],
    [{ ContentRange: 'bytes 0-9/10' }, 206, 'beginning'],
    [{ ContentRange: 'bytes 5-9/10' }, 206, 'other-range'],
    [{}, 206, 'other-range'],
  ])('%o with status %i is: %s', (headers, status, piece) => {
    expect(pieceIn(headers, status)).toBe(piece)
  })
})

describe('a response after five bytes', () => {
  test.each([
    [{ ETag: '"e"', ContentRange: 'bytes 5-9/10' }, 206, 'continuation'],
    [{ ETag: 'e', ContentRange: 'BYTES 5-6/10' }, 206, 'continuation'],
    [{ ETag: '"e"', ContentRange: 'bytes 5-9/*' }, 206, 'continuation'],
    [{ ETag: '"e"', ContentRange: 'bytes 5-9/10' }, 200, 'continuation'],
    [{ ETag: '"f"', ContentRange: 'bytes 5-9/10' }, 206, 'other-version'],
    [{ ETag: '"e"', ContentRange: 'bytes 5-9/11' }, 206, 'other-version'],
    [{ ETag: 'W/"e"', ContentRange: 'bytes 5-9/10' }, 206, 'other-version'],
    [{ VersionId: '1', ContentRange: 'bytes 5-9/10' }, 206, 'other-version'],
    [{ ContentRange: 'bytes 5-9/10' }, 206, 'other-version'],
    [{ ETag: '"e"', ContentRange: 'bytes 4-9/10' }, 206, 'other-range'],
    [{ ETag: '"e"', ContentRange: 'bytes 0-9/10' }, 206, 'other-range'],
    [{ ETag: '"e"', ContentRange: 'bytes */10' }, 206, 'other-range'],
    [{ ETag: '"e"', ContentRange: '' }, 206, 'other-range'],
    [{ ETag: '"e"' }, 206, 'other-range'],
    [{ ETag: '"f"' }, 200, 'beginning'],
    [{}, undefined, 'beginning'],
  ])('%o with status %s is: %s', (headers, status, piece) => {
    expect(pieceIn(headers, status, { version, bytes: 5 })).toBe(piece)
  })

  test('has another version if only its version id differs', () => {
    const versioned = { ...version, versionId: '1' }
    const headers = { ETag: '"e"', VersionId: '2', ContentRange: 'bytes 5-9/10' }
    expect(pieceIn(headers, 206, { version: versioned, bytes: 5 })).toBe('other-version')
    expect(pieceIn({ ...headers, VersionId: '1' }, 206, { version: versioned, bytes: 5 })).toBe(
      'continuation',
    )
  })
})
