import { createHmac } from 'node:crypto'

/**
 * How the second generation signs, written for the tests alone: the package has it twice, for the worker and for the
 * embedded orchestrator, and no two of the three may share a mistake.
 */

/** A number as it was written: a double would lose digits of a long one. */
class Literal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Literal | string | boolean | null | Value[] | Map<string, Value>

const TOKEN = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"|true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y

/** Reads JSON and keeps its numbers as they are written. */
const parse = (text: string): Value => {
  let at = 0
  const next = (): string => {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)?.[1]
    if (found === undefined) throw new SyntaxError(`no JSON at ${at}: ${text.slice(at, at + 20)}`)
    at = TOKEN.lastIndex
    return found
  }
  const object = (): Map<string, Value> => {
    const members = new Map<string, Value>()
    for (let token = next(); token !== '}'; token = next()) {
      const key = token === ',' ? next() : token
      next()
      members.set(JSON.parse(key), value(next()))
    }
    return members
  }
  const array = (): Value[] => {
    const items: Value[] = []
    for (let token = next(); token !== ']'; token = next()) items.push(value(token === ',' ? next() : token))
    return items
  }
  const value = (token: string): Value => {
    if (token === '{') return object()
    if (token === '[') return array()
    if (token.startsWith('"')) return JSON.parse(token)
    if (token === 'null') return null
    return token === 'true' || token === 'false' ? token === 'true' : new Literal(token)
  }
  return value(next())
}

const number = ({ text }: Literal): string => {
  if (/^-?\d+$/.test(text)) return BigInt(text).toString()
  const double = Number(text)
  if (Number.isInteger(double)) return BigInt(double).toString()
  const size = Math.abs(double)
  // The one range where the two worlds print differently.
  return size >= 1e-6 && size < 1e-5 ? double.toExponential() : String(double)
}

const inCodePointOrder = ([a]: [string, unknown], [b]: [string, unknown]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

const write = (value: Value): string => {
  if (value instanceof Literal) return number(value)
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  if (!(value instanceof Map)) return JSON.stringify(value)
  const members = [...value].filter(([, member]) => member !== null).sort(inCodePointOrder)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join()}}`
}

/** The signature of a JSON object, read from its text. The members `without` are no part of it. */
export const signatureOf = (text: string, secret: string, without: readonly string[] = []): string => {
  const members = parse(text) as Map<string, Value>
  for (const name of ['security', '_signature', ...without]) members.delete(name)
  return createHmac('sha256', secret).update(write(members)).digest('hex')
}

/** Whether a task's `sig` fits. What a poll adds after the signing is no part of it. */
export const isSigned = (taskText: string, secret: string): boolean => {
  const { sig } = JSON.parse(taskText)
  const added = ['sig', 'orchestrator_signature', 'skill_version', 'skill_type']
  return sig === signatureOf(taskText, secret, added)
}
