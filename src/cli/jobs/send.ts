import { readFileSync } from 'node:fs'
import { parseWide } from '../../utils/exact-json.js'
import { isObject } from '../../utils/json.js'
import { NAME, UsageError } from '../fail.js'
import { withClient } from './connect.js'
import { printEnd, type WaitFlags } from './show.js'

/** The flags of `avtomatika-worker send`. */
export interface SendFlags extends WaitFlags {
  readonly endpoint?: string
}

/** Creates a job. Prints its id, or with `--wait` the whole job when it has ended. */
export const send = async (task: string, given: string, flags: SendFlags): Promise<void> => {
  const params = readParams(task, given)
  await withClient(flags, async (client) => {
    const { endpoint } = flags
    const { id } = await client.create(task, params, { ...(endpoint !== undefined && { endpoint }) })
    if (flags.wait) {
      if (!flags.json) console.error(`Job ${id} created.`)
      return printEnd(client, id, flags)
    }
    if (flags.json) console.log(JSON.stringify({ id }))
    else console.log(`Job ${id} created.\nNext: ${NAME} job ${id} --wait`)
  })
}

const EXAMPLE = (task: string): { next: string } => ({
  next: `${NAME} send ${task} '{"name": "you"}' --wait`,
})

/** @throws UsageError if the text is not a JSON object, or its file cannot be read */
const readParams = (task: string, given: string): object => {
  const { text, from } = readText(task, given)
  let value: unknown
  try {
    value = parseWide(text)
  } catch (error) {
    throw new UsageError(`The params in ${from} are not JSON: ${(error as Error).message}`, EXAMPLE(task))
  }
  if (isObject(value)) return value
  throw new UsageError(`The params in ${from} are no JSON object.`, EXAMPLE(task))
}

const readText = (task: string, given: string): { readonly text: string; readonly from: string } => {
  if (given === '-') return { text: readFileSync(0, 'utf8'), from: 'standard input' }
  if (!given.startsWith('@')) return { text: given, from: 'the argument' }
  const path = given.slice(1)
  try {
    return { text: readFileSync(path, 'utf8'), from: path }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`Cannot read the params in ${path}: ${code ?? String(error)}`, EXAMPLE(task))
  }
}
