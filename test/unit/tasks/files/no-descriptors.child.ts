import { openSync } from 'node:fs'
import { isGone, thisProcess } from '../../../../src/tasks/files/directory-owner.js'

/** Run as a process of its own: opens as many files as it may, and looks whether its parent is gone. */
const me = thisProcess('w-1')
const parent = { ...me, pid: process.ppid, started: process.argv[2] ?? '' }
const before = isGone(parent, me)
try {
  for (;;) openSync('/dev/null', 'r')
} catch {
  process.stdout.write(`${before} ${isGone(parent, me)}\n`)
}
