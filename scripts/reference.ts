/**
 * Writes the reference for people from the docstrings of the public names: the regions `api` of the pages in docs/reference,
 * and the region `errors` of docs/reference/errors.md.
 *
 *   npm run reference
 *
 * test/unit/docs/reference.test.ts fails if one of them is stale, or if a public name is on no page.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { at, inDocument } from './generated.js'
import { isMain } from './is-main.mjs'
import { headingsIn } from './pack/links.mjs'
import { errorAnchors, errorLines } from './reference/errors-page.js'
import { optionLines } from './reference/options-table.js'
import { PAGES, type Page } from './reference/pages.js'
import { type Api, type Described, readApi } from './reference/read.js'
import { nameLines, nameRow, type Target } from './reference/write.js'

const OTHER = 'Other types'
/** Pages with tables of their own. */
const ELSEWHERE: Readonly<Record<string, string | undefined>> = {
  WorkerEvents: 'events.md',
  WorkerConfig: 'configuration.md',
  WorkerConfigValues: 'configuration.md#all-variables',
}
const ERRORS = 'errors.md'
const pathOf = (file: string): string => `docs/reference/${file}`
const textOf = (file: string): string => readFileSync(at(pathOf(file)), 'utf8')

const describedOn = (api: Api, { entry, file }: Page, name: string): Described => {
  const described = api[entry].get(name)
  if (!described)
    throw new Error(`scripts/reference/pages.ts: ${file} has ${name}, which ${entry} does not export`)
  return described
}

const regionOf = (api: Api, page: Page, target: Target): string[] => {
  const rows = page.names.filter(([, layout]) => layout === 'row').map(([name]) => name)
  const lines = page.names.flatMap(([name, layout]) => {
    const described = describedOn(api, page, name)
    if (layout === 'row') return []
    if (layout !== 'own members') return nameLines(described, layout, target)
    const members = described.members.filter(({ isInherited }) => !isInherited)
    return nameLines({ ...described, members }, 'members', target)
  })
  const table = rows.map((name) => nameRow(describedOn(api, page, name), target))
  return [...lines, '', `## ${OTHER}`, '', '| Name | Type | Meaning |', '|---|---|---|', ...table, '']
}

const NAME = /^`(?:new )?([\w[\].]+)(?:\(.*\))?`$/

/** Returns the anchor of each name and of each `Name.member` on a page. The first overload has the link. */
const anchorsOf = (page: Page, markdown: string): ReadonlyMap<string, string> => {
  const headings = headingsIn(markdown)
  const rows = page.names.filter(([, layout]) => layout === 'row')
  const other = headings.find(({ text }) => text === OTHER)?.anchor ?? ''
  const found = headings.map(({ level, text, anchor }, place) => {
    const name = NAME.exec(text)?.[1] ?? ''
    if (level !== 3) return [name, anchor] as const
    const owner = headings.slice(0, place).findLast((each) => each.level === 2)?.text ?? ''
    return [`${NAME.exec(owner)?.[1]}.${name}`, anchor] as const
  })
  const named = found.filter(([name]) => name !== '')
  return new Map([...rows.map(([name]) => [name, other] as const), ...named.toReversed()])
}

/** Links of one page to the names of all pages. */
const targetFrom = (page: string, anchors: ReadonlyMap<string, ReadonlyMap<string, string>>): Target => {
  const pages = [page, ...anchors.keys()]
  return (name) => {
    const other = ELSEWHERE[name]
    if (other !== undefined) return other
    const file = pages.find((each) => anchors.get(each)?.has(name))
    return file === undefined ? undefined : `${file === page ? '' : file}#${anchors.get(file)?.get(name)}`
  }
}

/** The anchors of all public names, by page. */
const allAnchors = (api: Api): ReadonlyMap<string, ReadonlyMap<string, string>> =>
  new Map([
    ...PAGES.map((page) => {
      const text = inDocument(
        textOf(page.file),
        'api',
        regionOf(api, page, () => undefined),
      )
      return [page.file, anchorsOf(page, text)] as const
    }),
    [ERRORS, errorAnchors()] as const,
  ])

/** Each file with a generated region: its path and the text that it should have. */
export const generatedFiles = (api = readApi()): readonly (readonly [path: string, text: string])[] => {
  const anchors = allAnchors(api)
  return [
    ...PAGES.map((page) => {
      const target = targetFrom(page.file, anchors)
      const text = inDocument(textOf(page.file), 'api', regionOf(api, page, target))
      return [
        pathOf(page.file),
        page.options ? inDocument(text, 'options', optionLines(api, page, target)) : text,
      ] as const
    }),
    [pathOf(ERRORS), inDocument(textOf(ERRORS), 'errors', [...errorLines(api), ''])] as const,
  ]
}

/** Returns the public names that no page explains, as `entry: Name`. */
export const missingNames = (api = readApi()): readonly string[] => {
  const anchors = allAnchors(api)
  const errors = textOf(ERRORS)
  const isExplained = (name: string) =>
    [...anchors.values()].some((names) => names.has(name)) ||
    errors.includes(`\`${name}\``) ||
    errors.includes(`### ${name}\n`)
  return Object.entries(api).flatMap(([entry, names]) =>
    [...names.keys()].filter((name) => !isExplained(name)).map((name) => `${entry}: ${name}`),
  )
}

if (isMain(import.meta.url)) for (const [path, text] of generatedFiles()) writeFileSync(at(path), text)
