/** Stands for a secret, or for a part of one. */
export const HIDDEN = '***'
/** So many characters of a secret in a row are hidden. A peer may quote a secret in part. */
const PART = 8
/** A shorter secret is part of too many words. */
const SHORTEST = 4
/** How much of a text is quoted, in characters. */
const LONGEST_QUOTE = 500
/** How much of a text is read for a quote, in characters. */
const LOOKED_AT = 2 * LONGEST_QUOTE
/** The end of a cut text is dropped: it may be the beginning of a secret, too short to be found, and each character escaped. */
const DROPPED = 6 * PART
/** Of a longer text, not every part is searched for, because that would take time and memory. */
const LONG = 256
/** How many secrets are remembered besides the configured ones: the latest short-lived tokens. */
const MOST_LATER = 4
/** How much of a text of an error is kept, in characters. */
const LONGEST_TEXT = 4_000
/** How deep an error is searched: its causes, and the causes of these. */
const DEEPEST = 10

/** Matches one character, however it is escaped: in a URL, in JSON, in a script or in HTML. */
const CHARACTER =
  /%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\["'\\/]|&#\d{1,7};|&#x[0-9a-f]{1,6};|&(?:amp|lt|gt|quot|apos);|[\s\S]/gi

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const fromCode = (code: number): string => (code <= 0xffff ? String.fromCharCode(code) : '\ufffd')

/** Returns the character that one match of {@link CHARACTER} stands for. */
const unescaped = (match: string): string => {
  if (match.length === 1) return match
  if (match.startsWith('%')) return fromCode(Number.parseInt(match.slice(1), 16))
  if (match.startsWith('\\'))
    return match.length === 2 ? match.slice(1) : fromCode(Number.parseInt(match.slice(2), 16))
  const name = match.slice(1, -1).toLowerCase()
  if (!name.startsWith('#')) return NAMED[name] ?? match
  return fromCode(name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
}

/** A text without upper case, and where each of its characters begins in the original. */
interface Unfolded {
  readonly plain: string
  readonly starts: readonly number[]
}

const asItIs = (text: string): Unfolded => ({
  plain: lower(text),
  starts: Array.from({ length: text.length + 1 }, (_, index) => index),
})

/** Replaces escapes by the characters that they stand for. */
const unfold = (text: string): Unfolded => {
  let plain = ''
  const starts: number[] = []
  for (const match of text.matchAll(CHARACTER)) {
    plain += lower(unescaped(match[0]))
    starts.push(match.index)
  }
  starts.push(text.length)
  return { plain, starts }
}

/** In ASCII only, because other letters may change the length of the text. */
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** In Base64, the digits of a text depend on its offset in the encoded bytes. The first and last digits depend on the text around. */
const inBase64 = (secret: string): string[] =>
  [0, 1, 2].map((offset) => {
    const digits = Buffer.from(' '.repeat(offset) + secret)
      .toString('base64')
      .replace(/=+$/, '')
    const whole = Math.floor(((offset + secret.length) * 8) / 6)
    return digits.slice(offset === 0 ? 0 : offset + 1, whole)
  })

/** The texts that give a secret away. */
const formsOf = (secret: string): string[] => {
  const base64 = inBase64(secret)
  const urlSafe = base64.map((digits) => digits.replaceAll('+', '-').replaceAll('/', '_'))
  return [...new Set([secret, ...base64, ...urlSafe, Buffer.from(secret).toString('hex')])]
}

/**
 * Hides the secrets of a worker in texts that other programs wrote: a peer may send back what it was sent. Finds a secret
 * and each part of at least eight characters, also in the escapes of URLs, JSON and HTML, in Base64 and in hexadecimal digits.
 */
export class Redactor {
  readonly #configured: readonly string[]
  readonly #later: string[] = []
  /** All parts by their length. Made when the first text is redacted, because most workers never quote anything. */
  #parts: Map<number, Set<string>> | undefined

  constructor(secrets: readonly (string | undefined)[]) {
    this.#configured = secrets.filter((secret) => secret !== undefined)
  }

  /** Hides another secret from now on, such as a short-lived token. */
  add(secret: string): void {
    if (this.#configured.includes(secret) || this.#later.includes(secret)) return
    this.#later.push(secret)
    if (this.#later.length > MOST_LATER) this.#later.shift()
    this.#parts = undefined
  }

  redact(text: string): string {
    this.#parts ??= partsOf([...this.#configured, ...this.#later])
    if (this.#parts.size === 0) return text
    let redacted = ''
    let from = 0
    for (const [start, end] of merged([
      ...rangesIn(asItIs(text), this.#parts),
      ...rangesIn(unfold(text), this.#parts),
    ])) {
      redacted += text.slice(from, start) + HIDDEN
      from = end
    }
    return redacted + text.slice(from)
  }

  /** Returns a text as one line of at most 500 characters without secrets, for a log line or an error message. */
  quote(text: string): string {
    // The HTML page of a proxy or a control character must not break a log line.
    const line = text
      .slice(0, LOOKED_AT)
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
    const isCut = text.length > LOOKED_AT
    const redacted = this.redact(line)
    const shown = isCut ? redacted.slice(0, -DROPPED) : redacted
    return isCut || shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}…` : shown
  }

  /** Redacts all texts of an error and of its causes, because libraries quote peers in their errors. Returns the error. */
  cleanse<E extends Error>(error: E, depth = 0): E {
    if (error.stack !== undefined) error.stack = this.#redactLines(error.stack)
    for (const name of Object.getOwnPropertyNames(error)) {
      const { value, writable } = Object.getOwnPropertyDescriptor(error, name) ?? {}
      if (typeof value === 'string' && writable && name !== 'stack')
        Object.defineProperty(error, name, { value: this.#redactLines(value) })
      else if (depth < DEEPEST) for (const inner of errorsIn(value)) this.cleanse(inner, depth + 1)
    }
    return error
  }

  /** Keeps the line breaks of a stack trace. */
  #redactLines(text: string): string {
    const lines = text.slice(0, LONGEST_TEXT).split('\n')
    return lines.map((line) => this.redact(line)).join('\n')
  }
}

type Parts = ReadonlyMap<number, ReadonlySet<string>>

type Range = readonly [start: number, end: number]

/** Returns where parts of secrets begin and end in the original. */
const rangesIn = ({ plain, starts }: Unfolded, parts: Parts): Range[] => {
  const ranges: Range[] = []
  for (let at = 0; at < plain.length; at++) {
    const length = longestPartAt(plain, at, parts)
    if (length > 0) ranges.push([starts[at] ?? 0, starts[at + length] ?? 0])
  }
  return ranges
}

/** Joins ranges that overlap or touch. */
const merged = (ranges: readonly Range[]): Range[] => {
  const joined: [number, number][] = []
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const last = joined.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else joined.push([start, end])
  }
  return joined
}

const longestPartAt = (plain: string, at: number, parts: Parts): number => {
  let longest = 0
  for (const [length, texts] of parts)
    if (length > longest && texts.has(plain.slice(at, at + length))) longest = length
  return longest
}

const errorsIn = (value: unknown): Error[] =>
  (Array.isArray(value) ? value : [value]).filter((each) => each instanceof Error)

const partsOf = (secrets: readonly string[]): Map<number, Set<string>> => {
  const parts = new Map<number, Set<string>>()
  for (const secret of secrets.filter(({ length }) => length >= SHORTEST))
    for (const form of formsOf(secret)) {
      // A secret may look like an escaped text itself.
      for (const plain of new Set([lower(form), unfold(form).plain])) addParts(parts, plain)
    }
  return parts
}

const addParts = (parts: Map<number, Set<string>>, text: string): void => {
  const length = Math.min(PART, text.length)
  if (length < SHORTEST) return
  const texts = parts.get(length) ?? new Set()
  parts.set(length, texts)
  const step = text.length > LONG ? length : 1
  for (let at = 0; at + length <= text.length; at += step) texts.add(text.slice(at, at + length))
  texts.add(text.slice(-length))
}
