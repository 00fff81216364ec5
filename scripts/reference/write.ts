/** Writes what `read.ts` has read as Markdown. */
import { cell, code } from '../generated.js'
import { givenFor } from './given.js'
import type { Described, Docs, Member, Parameter } from './read.js'

/** Returns the target of a link to a name, such as `worker.md#stop`; `undefined` if no page has the name. */
export type Target = (name: string) => string | undefined

/** How a name is shown: a heading for each member, a row for each member, or one row for the name itself. */
export type Layout = 'members' | 'table' | 'row'

/** Returns a link if a page explains the name. */
const link = (shown: string, at: string | undefined): string =>
  at === undefined ? shown : `[${shown}](${at})`

const sentence = (text: string): string =>
  text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}${/[.:!?]$/.test(text) ? '' : '.'}`

/** The links of docstrings become links of the page. */
export const linked = (text: string, target: Target): string =>
  text.replaceAll(/\{@link ([\w.[\]]+)\s*\}/g, (_, name: string) => link(code(name), target(name)))

/** A type is a link if it is a name that a page explains. */
const linkedType = (type: string, target: Target): string => {
  if (type === '') return ''
  const [, name = ''] = /^(?:Promise<)?(\w+)(?:\[\])?>?(?: \| undefined)?$/.exec(type) ?? []
  return link(code(type), target(name))
}

/** Lines of a paragraph are one line, as in all pages. A list keeps its lines. */
const paragraphs = (text: string): string =>
  text
    .split(/\n{2,}/)
    .map((paragraph) =>
      /^- /m.test(paragraph)
        ? paragraph.replaceAll(/\n(?!- )\s*/g, ' ')
        : paragraph.replaceAll(/\s*\n\s*/g, ' '),
    )
    .join('\n\n')

const examples = (docs: Docs): string[] =>
  docs.examples.flatMap((example) => ['', ...givenFor(example), '```ts', example, '```'])

const parameterRow = ({ name, type, isOptional, meaning }: Parameter, target: Target): string =>
  `| ${code(name)}${isOptional ? ', optional' : ''} | ${cell(linkedType(type, target))} | ${cell(linked(sentence(meaning), target))} |`

/** What a method returns, and the errors that it throws. */
const ends = ({ docs, type }: Member, target: Target): string[] => {
  const returns = docs.returns ? ` ${linked(sentence(docs.returns), target)}` : ''
  const throws = docs.throws.map((each) => `- Throws ${withErrorLink(each, target)}`)
  return [
    ...(type === '' || /^(Promise<)?void>?$/.test(type)
      ? []
      : ['', `Result: ${linkedType(type, target)}.${returns}`]),
    ...(throws.length > 0 ? ['', ...throws] : []),
  ].map((line) => paragraphs(line))
}

/** "StateError if …": the class and the codes are links. */
const withErrorLink = (text: string, target: Target): string => {
  const [, name = '', rest = ''] = /^(\w*Error)\b([\s\S]*)$/.exec(text) ?? []
  if (name === '') return linked(sentence(text).replace(/^The /, 'the '), target)
  const codes = rest.replaceAll(/`([A-Z_]+)`/g, (all, each: string) => link(all, target(each)))
  return sentence(link(code(name), target(name)) + linked(codes, target))
}

/** The heading of a member: a method with its parameters. */
const titleOf = ({ name, parameters, isOptional }: Member, owner: string): string => {
  if (parameters === undefined) return code(`${name}${isOptional ? '?' : ''}`)
  const names = parameters.map((each) => each.name + (each.isOptional ? '?' : '')).join(', ')
  return code(`${name === 'constructor' ? `new ${owner}` : name}(${names})`)
}

const member = (each: Member, owner: string, target: Target): string[] => {
  const { docs, parameters, type } = each
  return [
    '',
    `### ${titleOf({ ...each, isOptional: false }, owner)}`,
    '',
    ...(parameters === undefined && type !== '' ? [`Type: ${linkedType(type, target)}.`, ''] : []),
    paragraphs(linked(docs.text, target)),
    ...(parameters?.some((one) => one.meaning !== '' || linkedType(one.type, target).startsWith('['))
      ? [
          '',
          '| Parameter | Type | Meaning |',
          '|---|---|---|',
          ...parameters.map((one) => parameterRow(one, target)),
        ]
      : []),
    ...(parameters === undefined ? [] : ends(each, target)),
    ...examples(docs),
  ]
}

const memberRow = (each: Member, owner: string, target: Target): string => {
  const { docs, parameters, type } = each
  const returned =
    parameters === undefined || type === '' ? linkedType(type, target) : `→ ${linkedType(type, target)}`
  return `| ${titleOf(each, owner)} | ${cell(returned)} | ${cell(linked(docs.text, target))} |`
}

/** Returns the lines of one name of the page. */
export const nameLines = (described: Described, layout: Exclude<Layout, 'row'>, target: Target): string[] => {
  const { name, docs, members, type } = described
  const isFunction = members.length > 0 && members.every((each) => each.name === name)
  const shown = members.filter((each) => !each.name.startsWith('[') || each.docs.text !== '')
  const own = (each: string) => target(`${name}.${each}`) ?? target(each)
  if (isFunction) return functionLines(described, target)
  const head = ['', `## ${code(name)}`, '', paragraphs(linked(docs.text, own)), ...examples(docs)]
  if (members.length === 0) return [...head, '', `Type: ${code(type)}.`]
  if (layout === 'members') return [...head, ...shown.flatMap((each) => member(each, name, own))]
  return [
    ...head,
    '',
    '| Member | Type | Meaning |',
    '|---|---|---|',
    ...shown.map((each) => memberRow(each, name, own)),
  ]
}

const functionLines = ({ name, members }: Described, target: Target): string[] =>
  members.flatMap((each) => {
    const [, , ...rest] = member(each, name, target)
    return ['', `## ${titleOf(each, name)}`, ...rest]
  })

/** Returns a row for a name that needs no more than its meaning. */
export const nameRow = ({ name, docs, type, members }: Described, target: Target): string => {
  const own = (each: string) => target(`${name}.${each}`) ?? target(each)
  const shown = members.length === 0 && type.length <= 120 && type !== '' ? linkedType(type, target) : ''
  return `| ${code(name)} | ${cell(shown)} | ${cell(linked(paragraphs(docs.text), own))} |`
}
