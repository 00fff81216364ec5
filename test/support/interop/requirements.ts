import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A virtual environment: one published version of the orchestrator, of the worker in Python, or an S3 server. */
export type EnvName = `orchestrator-${string}` | `worker-${string}` | 'moto'

/** What the suite needs every time; each has its file of pinned packages in `requirements/`. */
export const PINNED: readonly EnvName[] = [
  'orchestrator-1.0b8',
  'orchestrator-1.0b11',
  'orchestrator-1.0b27',
  'orchestrator-1.0b30',
  // With its extra for OpenTelemetry.
  'orchestrator-1.0b30-telemetry',
  'worker-1.0b2',
  'worker-1.0b20',
]

const folder = new URL('requirements/', import.meta.url)

/** The last version that speaks the first generation. */
const LAST_CLASSIC = 8
/** These carry out no job without OpenTelemetry. */
const LAST_WITH_TELEMETRY = 26
/** These import packages that they do not ask for. */
const LAST_WITH_UNTOLD_IMPORTS = 12

/** For any other version: what it asks for, and what it forgets to. */
const unpinned = (name: EnvName): string => {
  const [, kind, version = ''] = /^(orchestrator|worker)-(.+)$/.exec(name) ?? []
  const number = Number(version.replace(/^1\.0b/, ''))
  if (kind === 'worker') return `avtomatika-worker==${version}\n`
  const extras = ['redis']
  if (number <= LAST_WITH_TELEMETRY) extras.push('telemetry')
  if (number <= LAST_CLASSIC) extras.push('s3')
  const lines = [`avtomatika[${extras.join()}]==${version}`]
  if (number <= LAST_WITH_UNTOLD_IMPORTS) lines.push('aiofiles', 'obstore')
  // It takes any version of the library, and works with the first one only.
  if (number === 9) lines.push('rxon==1.0b2')
  return `${lines.join('\n')}\n`
}

/** The packages of an environment, one a line, as pip reads them. */
export const requirementsOf = (name: EnvName): Promise<string> =>
  name === 'moto' || PINNED.includes(name)
    ? readFile(new URL(`${name}.txt`, folder), 'utf8')
    : Promise.resolve(unpinned(name))

export const REDIS_REQUIREMENTS = fileURLToPath(new URL('redis.txt', folder))
