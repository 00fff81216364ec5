import { describe, expect, test } from 'vitest'
import { placeInputs, segmentsBelow } from '../../../../src/tasks/files/local-names.js'

const LONGEST_BYTES = 200

/** The local names of objects with these keys. */
const namesOf = (...keys: string[]) =>
  placeInputs(keys.map((key) => `s3://bucket/${key}`)).map(({ localName }) => localName)

describe('the local name of an input', () => {
  test.each([
    ['a key', 'photos/cat.jpg', 'cat.jpg'],
    ['a prefix', 'photos/', 'photos'],
    ['a whole bucket', '', 'bucket'],
    ['a key with a backslash', 'a\\b', 'a_b'],
  ])('of %s', (_, key, name) => {
    expect(namesOf(key)).toEqual([name])
  })

  test('is numbered when it is taken, also in the other case', () => {
    expect(namesOf('a/cat.jpg', 'b/cat.jpg', 'c/CAT.JPG')).toEqual(['cat.jpg', 'cat-2.jpg', 'CAT-3.JPG'])
  })

  test('is kept whole up to 200 bytes, whatever its extension', () => {
    const name = `a.${'b'.repeat(LONGEST_BYTES - 2)}`
    expect(namesOf(name)).toEqual([name])
  })

  test('that is longer is cut between characters, and keeps the beginning of its extension', () => {
    expect(namesOf(`${'a'.repeat(300)}.jpeg`)).toEqual([`${'a'.repeat(LONGEST_BYTES - 5)}.jpeg`])
    expect(namesOf(`a.${'b'.repeat(LONGEST_BYTES - 1)}`)).toEqual([
      `a.${'b'.repeat(LONGEST_BYTES - 22)}.${'b'.repeat(19)}`,
    ])
    const [name = ''] = namesOf(`${'ü'.repeat(150)}.x`)
    expect(name).toBe(`${'ü'.repeat(99)}.x`)
  })
})

describe('the path of an object below its prefix', () => {
  test.each([
    ['a/b.txt', ['a', 'b.txt']],
    ['a/', ['a']],
    ['', []],
  ])('%j', (below, segments) => {
    expect(segmentsBelow('s3://bucket/p/', 'p/', `p/${below}`)).toEqual(segments)
  })

  test.each(['../x', 'a//b', 'a/./b', 'a\\b'])('%j cannot be a file', (below) => {
    expect(() => segmentsBelow('s3://bucket/p/', 'p/', `p/${below}`)).toThrow('cannot be a file')
  })

  test('is refused for an object that lies elsewhere', () => {
    expect(() => segmentsBelow('s3://bucket/p/', 'p/', 'q/x')).toThrow('it is not below the prefix')
  })
})
