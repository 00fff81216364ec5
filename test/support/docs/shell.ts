/** One command of a shell block. */
export interface ShellCommand {
  /** `NAME=value` before the program. */
  readonly variables: readonly (readonly [name: string, value: string])[]
  /** The program and its arguments, without quotes. */
  readonly words: readonly string[]
  /** The files that the command writes by `>` or `>>`. */
  readonly writes: readonly string[]
}

type Token = { readonly word: string } | { readonly operator: string }

const OPERATOR = /^(?:&&|\|\||;;|[;|&\n()])/
const REDIRECT = /^\d?(?:>>|>|<)&?/
const HEREDOC = /^<<-?\s*(['"]?)(\w+)\1/

/** Returns the end of a quoted text that begins at `from`. */
const quoteEnd = (text: string, from: number): number => {
  const quote = text[from] ?? ''
  for (let at = from + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  throw new Error(`a quote is not closed: ${text.slice(from, from + 40)}`)
}

/** Returns the end of `$(…)` or `${…}` that begins at `from`. */
const substitutionEnd = (text: string, from: number): number => {
  let depth = 0
  for (let at = from + 1; at < text.length; at++) {
    if ('({'.includes(text[at] ?? '')) depth++
    else if (')}'.includes(text[at] ?? '') && --depth === 0) return at
  }
  throw new Error(`a substitution is not closed: ${text.slice(from, from + 40)}`)
}

/** Returns the next part of a word without its quotes, and where it ends. */
const readPart = (text: string, at: number): readonly [part: string, end: number] => {
  const sign = text[at] ?? ''
  if (sign === '\\') return [text[at + 1] ?? '', at + 2]
  if (sign === "'" || sign === '"') {
    const end = quoteEnd(text, at)
    return [text.slice(at + 1, end), end + 1]
  }
  if (sign !== '$' || !/[({]/.test(text[at + 1] ?? '')) return [sign, at + 1]
  const end = substitutionEnd(text, at)
  return [text.slice(at, end + 1), end + 1]
}

/** Reads one word. Returns the word without its quotes, and where it ends. */
const readWord = (text: string, from: number): { readonly word: string; readonly end: number } => {
  let word = ''
  let at = from
  while (at < text.length && !/[\s;|&<>()]/.test(text[at] ?? '')) {
    const [part, end] = readPart(text, at)
    word += part
    at = end
  }
  return { word, end: at }
}

/** What a line has besides words. Returns the tokens and the length of the text that they take. */
const readSign = (
  rest: string,
): { readonly tokens: readonly Token[]; readonly length: number } | undefined => {
  const blank = /^(?:[ \t]+|\\\n|#[^\n]*)/.exec(rest)?.[0]
  if (blank !== undefined) return { tokens: [], length: blank.length }
  const redirect = REDIRECT.exec(rest)?.[0]
  if (redirect !== undefined)
    return { tokens: [{ operator: redirect.replace(/^\d/, '') }], length: redirect.length }
  const operator = OPERATOR.exec(rest)?.[0]
  return operator === undefined ? undefined : { tokens: [{ operator }], length: operator.length }
}

/** Takes the texts of here-documents out of a script. */
const withoutHereDocuments = (script: string): string => {
  const kept: string[] = []
  let end: string | undefined
  for (const line of script.split('\n')) {
    if (end !== undefined) {
      if (line.trim() === end) end = undefined
      continue
    }
    const heredoc = /<<-?\s*(['"]?)\w+\1/.exec(line)?.[0]
    end = heredoc === undefined ? undefined : HEREDOC.exec(heredoc)?.[2]
    kept.push(heredoc === undefined ? line : line.replace(heredoc, ''))
  }
  return kept.join('\n')
}

const tokensIn = (script: string): readonly Token[] => {
  const text = withoutHereDocuments(script)
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const sign = readSign(text.slice(at))
    if (sign) {
      tokens.push(...sign.tokens)
      at += sign.length
      continue
    }
    const { word, end } = readWord(text, at)
    tokens.push({ word })
    at = end
  }
  return tokens
}

const KEYWORDS = new Set(['if', 'then', 'else', 'fi', 'for', 'while', 'until', 'do', 'done', '!', '{', '}'])
const ASSIGNMENT = /^([A-Za-z_]\w*)=([\s\S]*)$/

const redirectBefore = (tokens: readonly Token[], index: number): string | undefined => {
  const before = tokens[index - 1]
  return before && 'operator' in before ? before.operator : undefined
}

const commandOf = (tokens: readonly Token[]): ShellCommand => {
  const all = tokens.flatMap((token, index) =>
    'word' in token ? [{ word: token.word, redirect: redirectBefore(tokens, index) }] : [],
  )
  const writes = all.filter(({ redirect }) => redirect === '>' || redirect === '>>').map(({ word }) => word)
  const words = all.filter(({ redirect }) => redirect === undefined).map(({ word }) => word)
  const first = words.findIndex((word) => !KEYWORDS.has(word) && !ASSIGNMENT.test(word))
  const before = first < 0 ? words : words.slice(0, first)
  const variables = before.flatMap((word) => {
    const [, name, value = ''] = ASSIGNMENT.exec(word) ?? []
    return name === undefined ? [] : [[name, value] as const]
  })
  return { variables, words: words.slice(before.length), writes }
}

/** Returns the commands of a script, in order. Pipes, lists and lines are split. Throws if a quote is not closed. */
export const commandsIn = (script: string): readonly ShellCommand[] => {
  const commands: Token[][] = [[]]
  for (const token of tokensIn(script)) {
    const isEnd = 'operator' in token && !/[<>]/.test(token.operator)
    if (isEnd) commands.push([])
    else commands.at(-1)?.push(token)
  }
  return commands.filter((tokens) => tokens.length > 0).map(commandOf)
}
