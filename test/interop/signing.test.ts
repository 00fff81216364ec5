import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalOf } from '../../src/protocol/rxon/canonical.js'
import { hexHmac, signedText, signingKey } from '../../src/protocol/rxon/signature.js'
import { parseExactly } from '../../src/utils/exact-json.js'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { findPython, pythonEnv } from '../support/interop/python-env.js'

const RUNS = 10_000
const KEY = signingKey('secret-of-the-fuzz')
const SCRIPT = fileURLToPath(new URL('signing.py', import.meta.url))
const NOT_SIGNED = new Set(['security', '_signature'])

interface Answer {
  readonly signature?: string
  readonly genuine?: boolean
  readonly error?: string
}

const ask = async (requests: readonly object[]): Promise<readonly Answer[]> => {
  const python = findPython()
  if (!python) throw new Error('there is no python3')
  const interpreter = await pythonEnv(python, 'orchestrator-1.0b30')
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('')
  const { stdout, stderr } = spawnSync(interpreter, [SCRIPT], { input, encoding: 'utf8', maxBuffer: 2 ** 30 })
  const lines = stdout.trimEnd().split('\n')
  if (lines.length !== requests.length) throw new Error(stderr)
  return lines.map((line) => JSON.parse(line) as Answer)
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
/** Numbers as a foreign hand writes them. */
const literal = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x)),
  fc.double({ noNaN: true, min: 1e-7, max: 1e-4 }).map((x) => x.toExponential()),
  fc.integer().map((n) => `${n}.0`),
  fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -9, max: 17 })).map(([n, e]) => `${n}e${e}`),
)

/** JSON as text, whose numbers JSON.stringify would never write. */
const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    literal,
    text.map((one) => JSON.stringify(one)),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    tie('object'),
  ),
  object: fc.dictionary(text, tie('value'), { maxKeys: 5 }).map(
    (members) =>
      `{${Object.entries(members)
        .map(([key, of]) => `${JSON.stringify(key)}: ${of}`)
        .join()}}`,
  ),
}))
const payload = fc
  .dictionary(fc.oneof(text, fc.constantFrom('security', '_signature')), value, { minKeys: 1, maxKeys: 8 })
  .map(
    (members) =>
      `{${Object.entries(members)
        .map(([key, of]) => `${JSON.stringify(key)}: ${of}`)
        .join()}}`,
  )

const ours = (json: string): string | undefined => {
  try {
    const message = parseExactly(json) as object
    const signed = Object.keys(message).filter((name) => !NOT_SIGNED.has(name))
    return hexHmac(KEY, canonicalOf(message, signed))
  } catch {
    return undefined
  }
}

test('§2.2.1 what the published library signs, this one signs the same, and what it refuses, this one refuses', async ({
  skip,
}) => {
  if (!findPython() && !mayNotSkip()) skip('there is no python3')
  const payloads = fc.sample(payload, RUNS)
  const answers = await ask(payloads.map((json) => ({ text: json })))
  const differences = payloads.filter((json, at) => ours(json) !== answers[at]?.signature)
  expect(differences).toEqual([])
  expect(answers.filter(({ signature }) => signature).length).toBeGreaterThan(RUNS / 2)
})

test('§2.2.6 what is signed here, the published library accepts, and nothing else', async ({ skip }) => {
  if (!findPython() && !mayNotSkip()) skip('there is no python3')
  const messages = fc.sample(payload, RUNS).flatMap((json) => {
    const { security: _, _signature: __, ...message } = JSON.parse(json)
    try {
      return [signedText(message, { key: KEY, signerId: 'w1' })]
    } catch {
      return []
    }
  })
  const requests = messages.map((sent) => ({ text: sent, signature: JSON.parse(sent).security.signature }))
  const answers = await ask(requests)
  expect(messages.filter((_, at) => answers[at]?.genuine !== true)).toEqual([])
  const forged = await ask(
    requests.slice(0, 100).map(({ text: sent }) => ({ text: sent, signature: 'f'.repeat(64) })),
  )
  expect(forged.filter(({ genuine }) => genuine)).toEqual([])
})
