import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { Child } from '../../support/interop/child-process.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
export const MAIN = join(ROOT, 'dist/cli/main.js')

/** Starts the built command, as `npx avtomatika-worker` does; it ends with the test. */
export const command = (args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = ROOT): Child => {
  const { PATH } = process.env
  const child = new Child(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH, XDG_STATE_HOME: process.env['XDG_STATE_HOME'], WORKER_PORT: '0', ...env },
  })
  onTestFinished(() => child.end())
  return child
}

/** Writes a module into an empty folder; inside the repository it finds this package and tsx, outside neither. */
export const moduleFile = (name: string, code: string, where: 'inside' | 'outside' = 'inside'): string => {
  const parent = where === 'inside' ? join(ROOT, 'temp') : tmpdir()
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'module-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  writeFileSync(path, code)
  return path
}
