import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor } from '../../../src/utils/redactor.js'

const SECRET = 'Tok/en+4-"worker\\1"=%41&<z>'
const redactor = new Redactor([SECRET])

const base64 = (text: string) => Buffer.from(text).toString('base64')
const html = (text: string) => text.replace(/[&<>"'/]/g, (each) => `&#x${each.charCodeAt(0).toString(16)};`)
const named = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

const forms: readonly [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in upper case', (text) => text.toUpperCase()],
  ['in a URL', encodeURIComponent],
  ['in a URL with lower-case digits', (text) => encodeURIComponent(text).toLowerCase()],
  ['in a form', (text) => new URLSearchParams({ a: text }).toString().slice(2)],
  ['in JSON', (text) => JSON.stringify(text).slice(1, -1)],
  ['in JSON with escaped slashes', (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
  [
    'in JSON with every character escaped',
    (text) => text.replace(/./g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
  ['in HTML', html],
  ['in HTML with names', named],
  ['in Base64', base64],
  ['in Base64 of Basic', (text) => base64(`worker:${text}`)],
  ['in Base64 of a dump', (text) => base64(`GET / HTTP/1.1\r\nx-worker-token: ${text}\r\naccept: */*`)],
  ['in Base64 with another offset', (text) => base64(`Bearer: ${text}!`)],
  ['in Base64 for URLs', (text) => Buffer.from(`?>~${text}`).toString('base64url')],
  ['in hexadecimal digits', (text) => Buffer.from(text).toString('hex')],
]

describe.each(forms)('a secret %s', (_, encode) => {
  test('is hidden, and the text around it stays', () => {
    const before = 'the server got '
    const after = ' and says no'
    const shown = redactor.redact(`${before}${encode(SECRET)}${after}`)
    expect(shown).toContain('***')
    expect(shown.startsWith(before) && shown.endsWith(after)).toBe(true)
    expect(shown.length).toBeLessThan(before.length + after.length + encode(SECRET).length)
  })
})

test('each part of at least eight characters is hidden, of any secret, anywhere in a text', () => {
  // Without `%`, `&` and the backslash: a part could begin or end within what looks like an escape.
  const secrets = fc.string({
    unit: fc
      .integer({ min: 33, max: 126 })
      .map((code) => String.fromCharCode(code))
      .filter((character) => !'%&\\'.includes(character)),
    minLength: 8,
    maxLength: 40,
  })
  const around = fc.string({ unit: fc.constantFrom('.', ' ', '|') })
  fc.assert(
    fc.property(
      secrets,
      fc.nat(),
      around,
      around,
      fc.constantFrom(...forms.slice(0, 10)),
      (secret, place, before, after, [, encode]) => {
        const start = place % (secret.length - 7)
        const part = secret.slice(start, start + 8)
        const text = `${before} ${encode(part)} ${after}`
        expect(new Redactor([secret]).redact(text)).toBe(`${before} *** ${after}`)
      },
    ),
  )
})

test('a short secret is hidden as a whole, and a very short one is not looked for', () => {
  expect(new Redactor(['hush', 'abc']).redact('hush, hus, abc')).toBe('***, hus, abc')
})

test('secrets that overlap, touch or repeat are hidden together', () => {
  const both = new Redactor(['first-secret', 'secret-second'])
  expect(both.redact('a first-secret-second b')).toBe('a *** b')
  expect(both.redact('first-secretsecret-second')).toBe('***')
  expect(both.redact('first-secret, first-secret')).toBe('***, ***')
})

test('a secret of thousands of characters is hidden', () => {
  const long = Array.from({ length: 1_000 }, (_, number) => `${number}.`).join('')
  const shown = new Redactor([long]).redact(`{"token":"${long}"}`)
  expect(shown).toBe('{"token":"***"}')
})

test('the latest added secrets are hidden, besides the configured ones', () => {
  const growing = new Redactor(['configured-one', undefined])
  const names = Array.from({ length: 6 }, (_, number) => `added-later-${number}${number}${number}`)
  for (const name of names) {
    expect(growing.redact('nothing yet')).toBe('nothing yet')
    growing.add(name)
    growing.add(name)
    expect(growing.redact(`${name} configured-one`)).toBe('*** ***')
  }
  expect(growing.redact(names.slice(-4).join(' '))).toBe('*** *** *** ***')
})

describe('a quote', () => {
  test('is one line of at most 500 characters', () => {
    expect(redactor.quote('<b>no</b>\r\n\t\u0000\u001b[31m')).toBe('<b>no</b> [31m')
    expect(redactor.quote('x'.repeat(700))).toBe(`${'x'.repeat(500)}…`)
    expect(redactor.quote('x'.repeat(1e7))).toBe(`${'x'.repeat(500)}…`)
  })

  test.each([490, 495, 960, 975, 990, 995, 999])(
    'shows no part of a secret that begins at character %i',
    (start) => {
      const hidden = new Redactor(['s3cr3t-0123456789'])
      const many = 's3cr3t-0123456789 '.repeat(Math.floor(start / 18))
      for (const fill of ['x'.repeat(start), many.padEnd(start, '.')]) {
        const shown = hidden.quote(`${fill}s3cr3t-0123456789 and more`.padEnd(2_000, '.'))
        expect(shown).not.toMatch(/s3c|r3t|012|345|789/)
      }
    },
  )
})

test('an error is redacted with its causes, its stack and what a library has added', () => {
  const inner = Object.assign(new Error(`cannot parse ${SECRET}`), {
    data: `x-worker-token: ${SECRET}`,
    code: 'HPE',
  })
  const error = new AggregateError([inner, new Error('other')], `failed: ${SECRET}`, { cause: inner })
  inner.cause = error
  expect(redactor.cleanse(error)).toBe(error)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('worker\\1')
  expect(error.stack).not.toContain('Tok/en')
  expect(inner).toMatchObject({ message: 'cannot parse ***', data: 'x-worker-token: ***', code: 'HPE' })
})
