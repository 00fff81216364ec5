import { readFileSync } from 'node:fs'
import { parseWide } from '../utils/exact-json.js'
import { isObject } from '../utils/json.js'
import { UsageError } from './fail.js'

/**
 * Reads params of the command line: JSON, `@file`, or `-` for standard input. Large integers become bigints.
 *
 * @param next - the command to type after an error
 * @throws UsageError if the text is not a JSON object, or its file cannot be read
 */
export const readParams = (given: string, next: string): Readonly<Record<string, unknown>> => {
  const { text, from } = readText(given, next)
  let value: unknown
  try {
    value = parseWide(text)
  } catch (error) {
    throw new UsageError(`The params in ${from} are not JSON: ${(error as Error).message}`, { next })
  }
  if (isObject(value)) return value
  throw new UsageError(`The params in ${from} are no JSON object.`, { next })
}

const readText = (given: string, next: string): { readonly text: string; readonly from: string } => {
  if (given === '-') return { text: readFileSync(0, 'utf8'), from: 'standard input' }
  if (!given.startsWith('@')) return { text: given, from: 'the argument' }
  const path = given.slice(1)
  try {
    return { text: readFileSync(path, 'utf8'), from: path }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`Cannot read the params in ${path}: ${code ?? String(error)}`, { next })
  }
}
