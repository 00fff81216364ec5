// @ts-check
/** Which tests may notice a change in a file: those whose imports lead to it, the nearest first. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/** The package under its own name, as the tests import it. */
const ALIASES = new Map([
  ['avtomatika-worker', 'src/index.ts'],
  ['avtomatika-worker/client', 'src/client/index.ts'],
  ['avtomatika-worker/dev', 'src/dev/index.ts'],
  ['avtomatika-worker/testing', 'src/testing/index.ts'],
])

/** A module that is not imported but started: `new URL('worker.child.ts', import.meta.url)`. */
const STARTED = /new URL\(\s*['"]([^'"]+\.ts)['"]/g

/**
 * @param {string} text
 * @returns {string[]} the names of the modules that a file imports or starts
 */
const namesIn = (text) => [
  ...ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
  ...[...text.matchAll(STARTED)].map(([, path = '']) => `./${path}`),
]

/**
 * The files of the tree that a file imports, as paths below the root.
 * @param {string} root
 * @param {string} path
 */
const importsOf = (root, path) =>
  namesIn(readFileSync(join(root, path), 'utf8')).flatMap((name) => {
    const alias = ALIASES.get(name)
    if (alias) return [alias]
    if (!name.startsWith('.')) return []
    const target = relative(root, join(root, dirname(path), name.replace(/\.js$/, '.ts')))
    return existsSync(join(root, target)) ? [target] : []
  })

/**
 * A function that gives, for a source file, the tests that lead to it with the number of steps, the nearest first.
 * @param {string} root
 * @param {readonly string[]} tests paths below the root
 * @returns {(path: string) => { test: string, steps: number }[]}
 */
export const relatedTests = (root, tests) => {
  /** @type {Map<string, string[]>} */
  const graph = new Map()
  /** @param {string} path */
  const next = (path) => {
    const known = graph.get(path) ?? importsOf(root, path)
    graph.set(path, known)
    return known
  }
  /** @param {string} test */
  const stepsFrom = (test) => {
    const steps = new Map([[test, 0]])
    for (const [path, step] of steps)
      for (const target of next(path)) if (!steps.has(target)) steps.set(target, step + 1)
    return steps
  }
  const reach = tests.map((test) => ({ test, steps: stepsFrom(test) }))
  return (path) =>
    reach
      .flatMap(({ test, steps }) => {
        const count = steps.get(path)
        return count === undefined ? [] : [{ test, steps: count }]
      })
      .sort((one, other) => one.steps - other.steps)
}
