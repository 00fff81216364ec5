import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Block, blocksIn } from './blocks.js'

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Returns the text of a file of the repository. */
export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Every file in the repository, also those that are not committed yet. */
export const repositoryFiles = (): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .filter((path) => existsSync(join(ROOT, path)))

/** Every Markdown file in the repository. */
export const markdownFiles = (): readonly string[] => repositoryFiles().filter((path) => path.endsWith('.md'))

/** Generated from the declarations, or about single changes. Their blocks are no programs of a user. */
const NO_PAGES = /^(docs\/api\/|\.changeset\/|CHANGELOG\.md$)/

/** Every block of code in the documents. */
export const allBlocks = (): readonly Block[] =>
  markdownFiles()
    .filter((path) => !NO_PAGES.test(path))
    .flatMap((path) => blocksIn(path, textOf(path)))
