import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** The workers of each test file keep their state in a folder of the file's own, which goes with it. */
const folder = mkdtempSync(join(tmpdir(), 'avtomatika-state-'))
process.env['XDG_STATE_HOME'] = folder

afterAll(() => rmSync(folder, { recursive: true, force: true }))
