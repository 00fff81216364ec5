import { expect, test } from 'vitest'
import { anchorsIn } from '../../../scripts/pack/links.mjs'
import { readApi } from '../../../scripts/reference/read.js'
import { generatedFiles, missingNames } from '../../../scripts/reference.js'
import { ERROR_CODES, helpFor } from '../../../src/error-codes.js'
import { ConfigError, PermanentError, TaskError } from '../../../src/index.js'
import { errorRecord } from '../../../src/utils/error-record.js'
import { codesInSource } from '../../support/docs/error-codes.js'
import { textOf } from '../../support/docs/pages.js'

const api = readApi()
const files = generatedFiles(api)

test.each(files)('%s follows from the docstrings; "npm run reference" updates it', (path, text) => {
  expect(textOf(path)).toBe(text)
})

test.each(files)('%s: no type links to the title of the page', (_, text) => {
  const [title = ''] = anchorsIn(text)
  expect(title).not.toBe('')
  expect(text).not.toContain(`](#${title})`)
})

test('every public name is on a page of the reference', () => {
  expect(missingNames(api)).toEqual([])
})

test('every public name and every member of it has a docstring', () => {
  const undocumented = Object.entries(api).flatMap(([entry, names]) =>
    [...names.values()].flatMap(({ name, docs, members }) => [
      ...(docs.text === '' && members.every((each) => each.docs.text === '') ? [`${entry}: ${name}`] : []),
      ...members
        .filter((each) => each.docs.text === '' && each.name !== 'constructor')
        .map((each) => `${entry}: ${name}.${each.name}`),
    ]),
  )
  expect(undocumented).toEqual([])
})

test('every error code of the source has an entry, and every entry a code', () => {
  const ofCommandLine = ['FAILED', 'USAGE']
  expect([...codesInSource(), ...ofCommandLine].sort()).toEqual([...ERROR_CODES].sort())
})

test('the help of each code leads to a heading', () => {
  const anchors = anchorsIn(textOf('docs/reference/errors.md'))
  const places = ERROR_CODES.map((code) => helpFor(code) ?? '')
  expect(places.filter((place) => !place.startsWith('avtomatika-worker/docs/reference/errors.md#'))).toEqual(
    [],
  )
  expect(places.filter((place) => !anchors.has(place.split('#')[1] ?? ''))).toEqual([])
})

test('an error has the place that explains its code; an error with a code of the application has none', () => {
  const error = new ConfigError([])
  expect(error.help).toBe('avtomatika-worker/docs/reference/errors.md#config')
  expect(new PermanentError('no').help).toBe('avtomatika-worker/docs/reference/errors.md#permanent_error')
  expect(Object.hasOwn(new TaskError('OUT_OF_PAPER', 'no'), 'help')).toBe(false)
  expect(errorRecord(error)).toMatchObject({ code: 'CONFIG', help: error.help })
})
