import { spawnSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { Child } from '../interop/child-process.js'

/** Connects a pseudo-terminal with the standard streams. Ends with the exit code of the program. */
const BRIDGE = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

/** Returns whether this machine has pseudo-terminals. Says so if it has none. CI always has them. */
export const hasTerminal = (): boolean => {
  const has = spawnSync('python3', ['-c', 'import pty; pty.openpty()']).status === 0
  if (!has) console.warn('Skipped: pseudo-terminals need Python 3 (apt-get install python3)')
  return has || process.env['CI'] === 'true'
}

/** Runs a program in a pseudo-terminal. `tell()` types a line. The program ends with the test. */
export const inTerminal = (
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): Child => {
  const child = new Child('python3', ['-c', BRIDGE, program, ...args], {
    ...options,
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...options.env },
  })
  onTestFinished(() => child.end())
  return child
}
