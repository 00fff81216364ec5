/**
 * Looks at every published orchestrator and writes the table of docs/explanation/compatibility.md: `npm run compat`, some minutes, and
 * the first time half a minute more for each version. `npm run compat -- 1.0b11 1.0b27` only shows what it finds there.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { findPython, pythonEnv } from '../interop/python-env.js'
import { startRealOrchestrator } from '../interop/real-orchestrator.js'
import { missingAt } from './features.js'
import { DOCUMENT, lineOf, withTable } from './table.js'

const LAST = 30
const SIDE_BY_SIDE = 2
const ALL = Array.from({ length: LAST }, (_, index) => `1.0b${index + 1}`)

const python = findPython()
if (python === undefined) throw new Error('this needs python3, 3.11 or newer, with venv')

const look = async (version: string): Promise<string> => {
  const interpreter = await pythonEnv(python, `orchestrator-${version}`)
  const orchestrator = await startRealOrchestrator({ version, interpreter }, { talkative: true })
  try {
    const missing = await missingAt(orchestrator)
    console.log(version, missing.size === 0 ? 'has everything' : 'lacks')
    for (const [name, { message }] of missing) console.log(`  ${name}: ${message.slice(0, 160)}`)
    return lineOf(version, missing)
  } finally {
    await orchestrator.stop()
  }
}

const chosen = process.argv.slice(2)
const versions = chosen.length > 0 ? chosen : ALL
const lines: string[] = []
for (let at = 0; at < versions.length; at += SIDE_BY_SIDE) {
  lines.push(...(await Promise.all(versions.slice(at, at + SIDE_BY_SIDE).map(look))))
}
if (chosen.length === 0) writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), lines))
else console.log(lines.join('\n'))
