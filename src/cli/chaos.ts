import { type Command, InvalidArgumentError } from 'commander'
import { define } from './define.js'

const SECONDS = 30

const seconds = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('expected seconds, more than 0')
}

/** Returns the command `avtomatika-worker chaos FILE`. */
export const chaosCommand = (): Command =>
  define(
    'chaos',
    'Run a worker with faults and kill -9, and list handlers that ran twice with different results.',
  )
    .argument('<file>', 'a file that exports a worker or starts one, or a folder of tasks, as for "run"')
    .option('--seconds <number>', 'duration of the faults', seconds, SECONDS)
    .option(
      '--params <json>',
      'params of each task: {"resize": {"width": 320}}, or @FILE with JSON, or - for standard input',
      '{}',
    )
    .action(async (file, { seconds, params, json }) =>
      (await import('./chaos/run-chaos.js')).runChaos(file, seconds, params, json),
    )
