/** Loaded into the worker by `avtomatika-worker chaos`: notes each run of a handler in a file that outlives `kill -9`. */

import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { describeThrown } from '../../tasks/describe-thrown.js'
import { jsonText } from '../../utils/json.js'
import { STARTING, type Worker } from '../../worker.js'

const notes = process.env['AVTOMATIKA_CHAOS_NOTES']

const note = (fields: object): void => {
  if (notes !== undefined) appendFileSync(notes, `${jsonText(fields)}\n`)
}

/** The worst moment for `kill -9`: the handler has done its work, and nobody knows of it. */
const dieIfAsked = (taskName: string): void => {
  if (notes === undefined) return
  try {
    if (readFileSync(`${notes}.kill`, 'utf8') !== taskName) return
    rmSync(`${notes}.kill`)
  } catch {
    // Nobody asks for it.
    return
  }
  process.kill(process.pid, 'SIGKILL')
}

let runs = 0
/** A worker publishes its start more than once. */
const watched = new WeakSet<object>()

subscribe(STARTING, (message) => {
  if (watched.has(message as Worker)) return
  watched.add(message as Worker)
  ;(message as Worker).use(async ({ jobId, taskName }, next) => {
    const run = `${process.pid}-${++runs}`
    note({ run, jobId, taskName })
    try {
      const value = await next()
      note({ run, effect: jsonText(value) ?? 'nothing' })
      dieIfAsked(taskName)
      return value
    } catch (error) {
      note({ run, effect: `threw ${describeThrown(error)}` })
      throw error
    }
  })
})
