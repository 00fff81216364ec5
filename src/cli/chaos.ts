import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import { isObject } from '../utils/json.js'
import { define } from './define.js'

const SECONDS = 30

const seconds = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('expected seconds, more than 0')
}

/** Reads `{"task": {…}}`, or a file of it after `@`. */
const paramsFrom = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text)
    if (isObject(value) && Object.values(value).every(isObject)) return value
  } catch (error) {
    throw new InvalidArgumentError(String((error as Error).message))
  }
  throw new InvalidArgumentError(
    'expected an object with the params of each task: {"resize": {"width": 320}}',
  )
}

/** Returns the command `avtomatika-worker chaos FILE`. */
export const chaosCommand = (): Command =>
  define(
    'chaos',
    'Run a worker under faults and kill -9, and tell which handlers ran twice with different results.',
  )
    .argument('<file>', 'a file that exports a worker or starts one, or a folder of tasks, as for "run"')
    .option('--seconds <number>', 'how long the faults go on', seconds, SECONDS)
    .option(
      '--params <json>',
      'params of each task by its name: {"resize": {"width": 320}}, or @file',
      paramsFrom,
      {},
    )
    .action(async (file, options) => (await import('./chaos/run-chaos.js')).runChaos(file, options))
