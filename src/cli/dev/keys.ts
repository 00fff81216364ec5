import type { ReadStream } from 'node:tty'
import type { DevOrchestrator } from '../../dev/index.js'
import { paint } from '../paint.js'

/** What the keys do. */
export interface KeyActions {
  restart(): void
  quit(): void
  readonly orchestrator: Pick<DevOrchestrator, 'url' | 'jobs' | 'workers'>
}

/** The keys with their meanings, in the order of the help. */
const KEYS: Readonly<Record<string, { readonly does: string; readonly act: (actions: KeyActions) => void }>> =
  {
    h: { does: 'this help', act: () => printHelp() },
    r: { does: 'restart the worker', act: ({ restart }) => restart() },
    j: { does: 'the last ten jobs', act: ({ orchestrator }) => printJobs(orchestrator) },
    w: { does: 'the workers', act: ({ orchestrator }) => printWorkers(orchestrator) },
    c: { does: 'clear the screen', act: () => process.stdout.write('\u001b[2J\u001b[3J\u001b[H') },
    q: { does: 'quit', act: ({ quit }) => quit() },
  }

/** Ctrl-C and Ctrl-D: a terminal in raw mode sends characters instead of a signal. */
const QUIT = new Set(['\u0003', '\u0004'])

/** Reads keys if the input is a terminal. */
export const watchKeys = (input: ReadStream, actions: KeyActions): { close(): void } => {
  if (!input.isTTY) return { close: () => {} }
  const onKeys = (keys: string): void => {
    for (const key of keys) {
      if (QUIT.has(key)) actions.quit()
      else if (Object.hasOwn(KEYS, key)) KEYS[key]?.act(actions)
    }
  }
  input.setRawMode(true)
  input.setEncoding('utf8')
  input.on('data', onKeys)
  console.log(paint('dim', 'Press h for the keys.'))
  return {
    close: () => {
      input.off('data', onKeys)
      input.setRawMode(false)
      input.pause()
    },
  }
}

const printHelp = (): void => {
  for (const [key, { does }] of Object.entries(KEYS)) console.log(`  ${key}  ${does}`)
}

const printJobs = (orchestrator: KeyActions['orchestrator']): void => {
  const latest = orchestrator.jobs().slice(0, 10)
  if (latest.length === 0) console.log('There are no jobs: npx avtomatika-worker send TASK')
  for (const { id, task, status } of latest) console.log(`  ${id}  ${task}  ${status}`)
}

const printWorkers = (orchestrator: KeyActions['orchestrator']): void => {
  const all = orchestrator.workers()
  if (all.length === 0) console.log('There are no workers.')
  for (const { workerId, taskNames } of all) console.log(`  ${workerId}  ${taskNames.join(', ')}`)
}
