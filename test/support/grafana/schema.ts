import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtByGo } from '../go-program.js'

const HERE = fileURLToPath(new URL('.', import.meta.url))

const built = (): Promise<string | undefined> => {
  const source = ['main.go', 'go.mod'].map((file) => readFileSync(join(HERE, file), 'utf8')).join('')
  const name = 'grafana-schema'
  const version = createHash('sha256').update(source).digest('hex').slice(0, 8)
  return builtByGo({
    name,
    version,
    go: (folder) => [['build', '-o', join(folder, name), '.'], { cwd: HERE }],
  })
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
