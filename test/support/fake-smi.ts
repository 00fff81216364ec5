import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from './temporary-folder.js'

/** An `nvidia-smi` that does what its test says, before any other on the path until the test's end. */
export const fakeSmi = (does: string) => {
  const folder = temporaryFolder()
  const calls = join(folder, 'calls')
  const path = join(folder, 'nvidia-smi')
  const will = (script: string) => {
    writeFileSync(path, `#!/bin/sh\necho "$*" >>'${calls}'\n${script}\n`)
    chmodSync(path, 0o755)
  }
  will(does)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return {
    will,
    /** What it was asked, a line a call. */
    calls: (): readonly string[] =>
      existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : [],
  }
}
