import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT, textOf } from './pages.js'

/** The TypeScript files below `src/`, without declarations, sorted. */
export const sourcePaths = (): readonly string[] =>
  readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()

/** The syntax tree of a file. */
export const treeOf = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)

/** Returns what `find` finds in each node, the outer nodes first. */
export const findInTree = <Found>(
  node: ts.Node,
  find: (node: ts.Node) => readonly Found[],
): readonly Found[] => {
  const inner: Found[] = []
  node.forEachChild((child) => {
    inner.push(...findInTree(child, find))
  })
  return [...find(node), ...inner]
}
