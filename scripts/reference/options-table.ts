/** Writes the short table of options: name, type, variable and default. */
import type { Page } from './pages.js'
import type { Api, Member } from './read.js'
import { linked, type Target } from './write.js'

/** The last sentence of each docstring: "Default: `VARIABLE`, else the value." or "Default: the value." */
const DEFAULT = /Default: (?:`([A-Z][A-Z0-9_]+)`, else )?([\s\S]+?)\.(?:\s|$)/

const row = (owner: string, { name, type, docs }: Member, target: Target): string => {
  const [, variable, value] = DEFAULT.exec(docs.text.replaceAll(/\s+/g, ' ')) ?? []
  if (value === undefined) throw new Error(`The docstring of ${owner}.${name} does not say its default`)
  const link = target(`${owner}.${name}`)
  const cells = [
    `[\`${name}\`](${link})`,
    `\`${type}\``,
    variable ? `\`${variable}\`` : '',
    linked(value, (each) => target(`${owner}.${each}`) ?? target(each)),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Returns the lines of the region `options`. */
export const optionLines = (api: Api, { entry, options = '' }: Page, target: Target): string[] => [
  '| Option | Type | Variable | Default |',
  '|---|---|---|---|',
  ...(api[entry].get(options)?.members ?? []).map((each) => row(options, each, target)),
]
