/** A block of code of a document. */
export interface Block {
  readonly page: string
  /** The heading of the first or second level above it. */
  readonly section: string
  /** The line of its first line of code, counted from one. */
  readonly line: number
  /** `ts`, `sh` and so on. Empty if the block names no language. */
  readonly language: string
  readonly code: string
  /** The file in `examples/` that the block shows, without its region. */
  readonly example?: string
  /** Declarations that the page gives the block in a comment: `<!-- given: declare const rate: number -->`. */
  readonly given: string
}

const FENCE = /^( *)(`{3,}|~{3,})([\w+-]*)[^`]*$/
const EXAMPLE = /^<!-- example: ([^\s#]+)(?:#[\w-]+)? -->$/
const GIVEN = /^<!-- given: (.+) -->$/

/** The comments directly above a line. */
const commentsAbove = (lines: readonly string[], index: number): readonly string[] => {
  const comments: string[] = []
  for (let at = index - 1; at >= 0; at--) {
    const line = (lines[at] ?? '').trim()
    if (!line.startsWith('<!--')) break
    comments.unshift(line)
  }
  return comments
}

/** Returns the blocks of a document. Throws if a block is not closed. */
export const blocksIn = (page: string, markdown: string): readonly Block[] => {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let section = ''
  for (let at = 0; at < lines.length; at++) {
    section = /^##? (.+)/.exec(lines[at] ?? '')?.[1] ?? section
    const [, indent = '', fence = '', language = ''] = FENCE.exec(lines[at] ?? '') ?? []
    if (fence === '') continue
    const end = lines.findIndex((line, index) => index > at && line.trimEnd() === indent + fence)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block is not closed`)
    const comments = commentsAbove(lines, at)
    const example = comments.map((each) => EXAMPLE.exec(each)?.[1]).find((path) => path !== undefined)
    blocks.push({
      page,
      section,
      line: at + 2,
      language,
      code: lines
        .slice(at + 1, end)
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
      ...(example === undefined ? {} : { example }),
      given: comments
        .map((each) => GIVEN.exec(each)?.[1] ?? '')
        .join('\n')
        .trim(),
    })
    at = end
  }
  return blocks
}
