// @ts-check
/** What the scripts share that write a whole file, and only check it with `--check`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes a file that differs, or with `--check` fails. Prints what it did.
 * @param {string} path
 * @param {string} text that the file should have
 * @param {string} stale what is wrong with another text, and the command that writes the file
 */
export const keepFile = (path, text, stale) => {
  const checkOnly = process.argv.includes('--check')
  const isFresh = existsSync(path) && readFileSync(path, 'utf8') === text
  if (!isFresh && !checkOnly) writeFileSync(path, text)
  console.log(`${path}: ${isFresh ? 'current' : checkOnly ? stale : 'written'}`)
  process.exitCode = isFresh || !checkOnly ? 0 : 1
}
