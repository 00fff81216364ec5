/** What a reader of a page does, in the order of the page. */
export type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'command'; readonly terminal: number; readonly text: string }
  /** The terminal prints these lines. `…` stands for any text. */
  | { readonly kind: 'output'; readonly terminal: number; readonly text: string }
  /** Ctrl+C. */
  | { readonly kind: 'interrupt'; readonly terminal: number }

const BLOCK = /^```(?<language>\w*)\n(?<text>[\s\S]*?)^```$/gm
const FILE = /\bSave\s+(?:it|this|the\s+\w+)\s+as\s+`(?<path>[^`]+)`/
const INTERRUPT = /\bPress\s+Ctrl\+C\s+in\s+terminal\s+(?<terminal>\d)/
const TERMINAL = /\bterminal\s+(?<terminal>\d)/gi
const OUTPUTS = new Set(['text', 'json'])

const numberIn = (match: RegExpExecArray | RegExpMatchArray | null | undefined): number | undefined =>
  match?.groups?.['terminal'] === undefined ? undefined : Number(match.groups['terminal'])

/** The last paragraph of a text, without the comments of Markdown. */
const lastParagraph = (prose: string): string =>
  prose
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .trim()
    .split(/\n\s*\n/)
    .at(-1) ?? ''

/**
 * Reads the steps of a page. Pure. The rules are:
 *
 * - The paragraph before a block says what it is for: "Save it as `path`" makes it a file. A terminal that the paragraph names
 *   runs the command; otherwise terminal 1 does.
 * - A `text` or `json` block is output: of the terminal that its paragraph names, or else of the last command.
 * - "Press Ctrl+C in terminal 2" ends what runs there.
 *
 * @throws Error for a block of code that is none of these
 */
export const stepsOf = (page: string): readonly Step[] => {
  const steps: Step[] = []
  let terminal = 1
  let end = 0
  for (const match of page.matchAll(BLOCK)) {
    const { language = '', text = '' } = match.groups ?? {}
    const prose = page.slice(end, match.index)
    end = match.index + match[0].length
    steps.push(...interruptsIn(prose))
    const paragraph = lastParagraph(prose)
    const named = numberIn([...paragraph.matchAll(TERMINAL)].at(-1))
    const path = FILE.exec(paragraph)?.groups?.['path']
    if (path !== undefined) steps.push({ kind: 'file', path, text })
    else if (language === 'sh') {
      terminal = named ?? 1
      steps.push({ kind: 'command', terminal, text })
    } else if (OUTPUTS.has(language)) {
      terminal = named ?? terminal
      steps.push({ kind: 'output', terminal, text })
    } else throw new Error(`A block of the page is neither a file, a command nor output:\n${match[0]}`)
  }
  return [...steps, ...interruptsIn(page.slice(end))]
}

const interruptsIn = (prose: string): readonly Step[] =>
  [...prose.matchAll(new RegExp(INTERRUPT, 'g'))].map((match) => ({
    kind: 'interrupt',
    terminal: numberIn(match) ?? 1,
  }))

/** Returns a pattern for output that has all of these lines in this order, maybe with others between them. Pure. */
export const patternOf = (expected: string): RegExp => {
  const lines = expected.split('\n').map((line) => line.trim())
  const parts = lines.filter((line) => line !== '' && line !== '…').map((line) => line.split('…'))
  const escaped = parts.map((texts) =>
    texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*'),
  )
  return new RegExp(escaped.map((line) => `^[ \\t]*${line}[ \\t]*$`).join('[\\s\\S]*?'), 'm')
}

/** Returns a text with other ports in place of those of the page. Pure. */
export const withPorts = (text: string, ports: Readonly<Record<string, number>>): string =>
  text.replaceAll(/(?<![\w.-])\d{4}(?!\w)/g, (port) => String(ports[port] ?? port))
