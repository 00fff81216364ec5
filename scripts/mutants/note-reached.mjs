// @ts-check
/** Loaded by the changed source in whichever process runs it: a test, or a worker that a test has started. */
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the copy of the tree that this file belongs to. */
const NOTES = fileURLToPath(new URL('../../reached', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** @type {{ __vitest_worker__?: { filepath?: string } }} */
const { __vitest_worker__: runner } = /** @type {object} */ (globalThis)
const test = runner?.filepath?.replace(ROOT, '') ?? ''

/** Of its own for each time that a process loads this. */
const note = join(NOTES, randomUUID())
appendFileSync(note, `${JSON.stringify({ pid: process.pid, parent: process.ppid, test })}\n`)

/** @type {Set<number>} */
const seen = new Set()

/** @param {number} number */
export const noteReached = (number) => {
  if (seen.has(number)) return
  seen.add(number)
  appendFileSync(note, `${number}\n`)
}
