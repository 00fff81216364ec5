// @ts-check
/**
 * Takes out of the build every declaration file that the public ones do not lead to: users cannot import them, and
 * they are most of the package's declarations.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const reference = /(?:from|import|import\()\s*['"](\.[^'"]+)\.js['"]/g

/**
 * The declaration files that these lead to, themselves included.
 * @param {readonly string[]} entries
 * @param {(path: string) => string} read
 */
export const reachableFrom = (entries, read) => {
  const reached = new Set(entries)
  for (const path of reached) {
    for (const [, to] of read(path).matchAll(reference)) reached.add(join(dirname(path), `${to}.d.ts`))
  }
  return reached
}

/** Removes what the entries of `package.json` do not lead to. */
export const pruneTypes = () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  /** @type {{ types?: string }[]} */
  const targets = Object.values(exports)
  const entries = targets.flatMap(({ types }) => (types ? [join(types)] : []))
  const reached = reachableFrom(entries, (path) => readFileSync(path, 'utf8'))
  const all = readdirSync('dist', { recursive: true, encoding: 'utf8' }).map((path) => join('dist', path))
  for (const path of all) if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(path)
}
