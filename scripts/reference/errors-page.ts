/** Writes the region of docs/reference/errors.md: a heading for each error code. */
import { cell, code } from '../generated.js'
import type { DescribedError } from './errors/described.js'
import { ERROR_SECTIONS } from './errors/table.js'
import type { Api, Described, Member } from './read.js'

/** Returns an exported class of any entry point. */
const classNamed = (api: Api, name: string): Described => {
  const found = Object.values(api).flatMap((names) => names.get(name) ?? [])[0]
  if (!found) throw new Error(`errors/table.ts names the class ${name}, which no entry point exports`)
  return found
}

const ownMembers = ({ members }: Described): readonly Member[] =>
  members.filter(({ name, isInherited }) => name !== 'constructor' && !isInherited)

const membersOf = (each: Described): string => {
  const members = ownMembers(each).filter(({ name }) => name !== 'code' && name !== 'help')
  return members.map(({ name, docs }) => ` ${code(`error.${name}`)}: ${cell(docs.text)}`).join('')
}

const classLines = (api: Api, { classes }: DescribedError): string[] => {
  const described = classes.filter((name) => name !== 'AvtomatikaError').map((name) => classNamed(api, name))
  const lines = described.map((each) => `- ${code(each.name)}.${membersOf(each)}`)
  return lines.length === 0 ? [] : ['', ...lines]
}

const codeLines = (api: Api, name: string, described: DescribedError): string[] => [
  '',
  `### ${name}`,
  '',
  described.meaning,
  ...classLines(api, described),
  '',
  '| Cause | What to do |',
  '|---|---|',
  ...described.causes.map(([cause, remedy]) => `| ${cell(cause)} | ${cell(remedy)} |`),
]

/** Returns the lines of the region. */
export const errorLines = (api: Api): string[] =>
  ERROR_SECTIONS.flatMap(({ title, intro, codes }) => [
    '',
    `## ${title}`,
    '',
    intro,
    ...Object.entries(codes).flatMap(([name, described]) => codeLines(api, name, described)),
  ])

/** These classes have several codes. */
const GENERAL = ['AvtomatikaError', 'TaskError', 'ConfigProblem', 'TaskErrorCode', 'TaskErrorOptions']

/** Returns the anchor of each code and of each error class, by its name. A class with several codes has the first one. */
export const errorAnchors = (): ReadonlyMap<string, string> => {
  const anchors = new Map<string, string>()
  for (const [name, { classes }] of ERROR_SECTIONS.flatMap(({ codes }) => Object.entries(codes)))
    for (const each of [name, ...classes]) if (!anchors.has(each)) anchors.set(each, name.toLowerCase())
  for (const name of GENERAL) anchors.set(name, 'errors')
  return anchors
}
