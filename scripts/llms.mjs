// @ts-check
/**
 * Writes `llms.txt` (llmstxt.org): the title and the first sentence of each document, by folder.
 *
 *   node scripts/llms.mjs           writes
 *   node scripts/llms.mjs --check   writes nothing and fails on a difference
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain } from './is-main.mjs'
import { keepFile } from './keep-file.mjs'

const FILE = 'llms.txt'

/** The folders, in the order in which a reader needs them. */
const FOLDERS = [
  ['Start', 'docs/start'],
  ['How-to', 'docs/how-to'],
  ['Reference', 'docs/reference'],
  ['Explanation', 'docs/explanation'],
]

/** A model may skip these pages if its context is short. */
const OPTIONAL = ['examples/README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']

/** @param {string} markdown */
const plain = (markdown) => markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('**', '')

/**
 * Returns the title of a document and the first sentence below it. Code, lists, tables and headings have no sentence.
 * @param {string} markdown
 */
export const titleAndSentence = (markdown) => {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/<!--[\s\S]*?-->/g, '')
  const title = /^# (.+)$/m.exec(text)?.[1]?.trim()
  if (title === undefined) return undefined
  const paragraphs = text.slice(text.indexOf(`# ${title}`) + title.length + 2).split(/\n\s*\n/)
  const first = paragraphs.map((each) => each.trim()).find((each) => /^[^\s#|>*\-\d!]/.test(each))
  const joined = plain(first ?? '').replaceAll(/\s+/g, ' ')
  return { title: plain(title), sentence: /^.*?[.!?](?= |$)/.exec(joined)?.[0] ?? joined.replace(/:$/, '.') }
}

/** @param {string} path @param {string} markdown */
const line = (path, markdown) => {
  const found = titleAndSentence(markdown)
  if (!found) throw new Error(`${path} has no title: begin it with "# …"`)
  return `- [${found.title}](${path})${found.sentence ? `: ${found.sentence}` : ''}`
}

/**
 * The pages of a folder, and the first page of each folder in it.
 * @param {string} root
 * @param {string} folder
 */
const pagesOf = (root, folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .map((entry) => `${folder}/${entry.name}${entry.isDirectory() ? '/README.md' : ''}`)
    .filter((path) => path.endsWith('.md') && path !== `${folder}/README.md` && existsSync(join(root, path)))
    .sort()

/** @param {string} root */
export const llmsText = (root) => {
  const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8')
  const lines = (/** @type {string[]} */ paths) => paths.map((path) => line(path, read(path)))
  const { name, description } = JSON.parse(read('package.json'))
  const sections = FOLDERS.flatMap(([title, folder = '']) => {
    if (!existsSync(join(root, folder))) return []
    return [`\n## ${title}\n`, ...lines(pagesOf(root, folder))]
  })
  const optional = OPTIONAL.filter((path) => existsSync(join(root, path)))
  return [
    `# ${name}\n`,
    `> ${description}\n`,
    'Install the package and read [README.md](README.md) for the first worker. The links lead to files of this package.',
    ...sections,
    '\n## Optional\n',
    ...lines(optional),
    '',
  ].join('\n')
}

const STALE = 'differs from the documents: run "npm run llms"'

if (isMain(import.meta.url)) keepFile(FILE, llmsText('.'), STALE)
