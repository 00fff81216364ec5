import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { canonical, canonicalOf, NotCanonicalError } from '../../../../src/protocol/rxon/canonical.js'
import { hexHmac, provenMembers, signingKey } from '../../../../src/protocol/rxon/signature.js'
import { parseExactly } from '../../../../src/utils/exact-json.js'

interface Vector {
  readonly name: string
  readonly payload_json: string
  readonly ignore_fields: readonly string[]
  readonly secret: string
  readonly canonical?: string
  readonly signature?: string
  readonly error?: string
}

interface Golden {
  readonly messages: readonly Vector[]
  readonly tasks: {
    readonly secret: string
    readonly vectors: readonly {
      readonly name: string
      readonly text: string
      readonly published_worker_accepts: boolean
    }[]
  }
  readonly skills_hash: readonly {
    readonly name: string
    readonly value_json: string
    readonly sha256: string
  }[]
}

/** Made by the published library itself. */
const golden = JSON.parse(
  readFileSync(new URL('../../../protocol/golden/rxon/signing.json', import.meta.url), 'utf8'),
) as Golden

const textOf = ({ payload_json: json, ignore_fields: ignored }: Vector): string => {
  const value = parseExactly(json)
  if (Array.isArray(value)) return canonical(value)
  const left = new Set(['security', '_signature', ...ignored])
  const signed = Object.keys(value as object).filter((name) => !left.has(name))
  return canonicalOf(value as object, signed)
}

describe('§2.2.1 §2.2.2 §2.2.3 the published vectors', () => {
  test.each(golden.messages.filter(({ error }) => !error))('$name', (vector) => {
    const text = textOf(vector)
    expect(text).toBe(vector.canonical)
    expect(hexHmac(signingKey(vector.secret), text)).toBe(vector.signature)
  })

  test.each(golden.messages.filter(({ error }) => error))('$name', (vector) => {
    expect(() => textOf(vector)).toThrow(NotCanonicalError)
  })

  test.each(golden.skills_hash)('$name', ({ value_json: json, sha256 }) => {
    const text = canonical(parseExactly(json))
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256)
  })
})

describe('§2.5.2 §2.5.3 tasks of the published orchestrator', () => {
  const key = signingKey(golden.tasks.secret)
  const proven = (text: string, by = key) => provenMembers(text, JSON.parse(text), by)
  /** Genuine, though the published worker refuses them: it leaves zeros and defaults out before it compares. */
  const ALSO_GENUINE: Readonly<Record<string, string>> = {
    'step 0 present on the wire and signed': 'all',
    'depth 0 present on the wire and signed': 'all',
    'float deadline': 'all',
    'params_metadata with size 0 signed': 'all',
    'params_metadata with an extra field signed': 'all',
    'metadata appended after signing (parallel branches)': 'all-but-metadata',
  }

  test.each(golden.tasks.vectors)('$name', ({ name, text, published_worker_accepts: accepts }) => {
    expect(proven(text)).toBe(accepts ? 'all' : (ALSO_GENUINE[name] ?? 'none'))
    expect(proven(text, signingKey('another secret'))).toBe('none')
  })

  const [{ text }] = golden.tasks.vectors as [Golden['tasks']['vectors'][number]]
  const changed = (change: (task: Record<string, unknown>) => void): string => {
    const task = JSON.parse(text) as Record<string, unknown>
    change(task)
    return JSON.stringify(task)
  }

  test.each([
    ['without a signature', (task: Record<string, unknown>) => delete task['sig']],
    ['with a signature in capitals', (task) => (task['sig'] = String(task['sig']).toUpperCase())],
    ['with a short signature', (task) => (task['sig'] = 'e713')],
    ['with a number as signature', (task) => (task['sig'] = 7)],
    ['with other params', (task) => (task['params'] = { a: 2 })],
    ['with a policy put in', (task) => (task['policy'] = { allowed_skills: ['rm'] })],
    ['with a deadline put in', (task) => (task['deadline'] = 1)],
  ] satisfies [string, (task: Record<string, unknown>) => unknown][])('%s: refused', (_, change) => {
    expect(proven(changed(change))).toBe('none')
  })
})
