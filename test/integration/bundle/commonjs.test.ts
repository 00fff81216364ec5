import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { BUILT, doesItsTaskAndEnds, PROGRAM } from './run-script.js'

const SCRIPTS = {
  'require()': `const { Worker } = require(${JSON.stringify(BUILT)})\n${PROGRAM}`,
  'import()': `import(${JSON.stringify(BUILT)}).then(({ Worker }) => {${PROGRAM}})`,
}

test.each(Object.entries(SCRIPTS))(
  'a CommonJS program that loads the package by %s does its tasks and ends',
  async (_way, code) => {
    const script = join(temporaryFolder(), 'worker.cjs')
    writeFileSync(script, code)
    await doesItsTaskAndEnds(script)
  },
)
