import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { EnvFileFlag } from './early-flags.js'
import { UsageError } from './fail.js'

const sources = new Map<string, string>()

/** Returns where a variable comes from, such as the path of a file; `undefined` if it comes from the environment. */
export const sourceOfVariable = (name: string): string | undefined => sources.get(name)

/** Sets a variable that the environment does not have. */
export const setVariable = (name: string, value: string, source: string): void => {
  process.env[name] ??= value
  if (process.env[name] === value) sources.set(name, source)
}

/**
 * Sets the variables of files, as Node does with its own flag of this name: variables of the environment win, then the last
 * file. Node 20 finds the flag itself, also behind the name of a program, and has set the variables already.
 *
 * @throws UsageError if a required file cannot be read
 */
export const useEnvFiles = (files: readonly EnvFileFlag[]): void => {
  const set = new Map<string, { readonly value: string; readonly path: string }>()
  for (const { path, isRequired } of files) {
    const text = read(path, isRequired)
    for (const [name, value = ''] of Object.entries(parseEnv(text))) set.set(name, { value, path })
  }
  for (const [name, { value, path }] of set) setVariable(name, value, path)
}

/** The options that may also be variables. */
const OPTIONS = ['WORKER_TOKEN', 'CLIENT_TOKEN']

/** Makes `NAME=` mean "not set" for options, as for the variables of a worker. */
export const dropBlankVariables = (): void => {
  for (const name of OPTIONS) if (process.env[name]?.trim() === '') delete process.env[name]
}

const read = (path: string, isRequired: boolean): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !isRequired) return ''
    throw new UsageError(`Cannot read the variables in ${path}: ${code ?? String(error)}`, {
      cause: error,
      next: `ls ${path}`,
    })
  }
}
