import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachedFolder } from '../interop/cached-folder.js'

const run = promisify(execFile)
const HERE = fileURLToPath(new URL('.', import.meta.url))

/** Builds the checker, only once. Returns `undefined` and prints the reason if that is impossible. */
const built = async (): Promise<string | undefined> => {
  if (spawnSync('go', ['version']).status !== 0) return undefined
  const source = ['main.go', 'go.mod'].map((file) => readFileSync(join(HERE, file), 'utf8')).join('')
  const version = createHash('sha256').update(source).digest('hex').slice(0, 8)
  const build = async (folder: string) => {
    console.log("ops: building a checker of Grafana's schema (seconds to a minute, only once)")
    await run('go', ['build', '-o', join(folder, 'grafana-schema'), '.'], { cwd: HERE })
  }
  try {
    return join(await cachedFolder(`grafana-schema-${version}`, build), 'grafana-schema')
  } catch (error) {
    console.log(String(error))
    return undefined
  }
}

/** What a dashboard lacks by the schema of Grafana. */
export type SchemaCheck = (dashboard: string) => { readonly ok: boolean; readonly output: string }

/** Returns a check by Grafana's own schema, or nothing where Go or its module proxy is missing. */
export const grafanaSchema = async (): Promise<SchemaCheck | undefined> => {
  const program = await built()
  if (program === undefined) return undefined
  return (dashboard) => {
    const { status, stdout, stderr } = spawnSync(program, { input: dashboard, encoding: 'utf8' })
    return { ok: status === 0, output: `${stdout}${stderr}` }
  }
}
