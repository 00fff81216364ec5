import { resolveSettings } from '../../config/resolve.js'
import { redact } from '../../config/secrets.js'
import { VARIABLE_NAMES, variable } from '../../config/variables.js'
import { WorkerConfig } from '../../config/worker-config.js'
import { ConfigError } from '../../errors.js'
import type { Settings } from '../../settings.js'
import { similarName } from '../../utils/did-you-mean.js'
import { sourceOfVariable } from '../env-files.js'
import { type Examined, type Finding, found, passed, together } from './finding.js'

/** One variable with the source of its value. */
export interface ShownVariable {
  readonly name: string
  /** The value, with `***` instead of a secret. `null` if there is none. */
  readonly value: unknown
  /** `environment`, `default`, `dev`, or the path of a file. */
  readonly source: string
}

/** The configuration as the worker would use it. */
export interface Configuration {
  readonly settings: Settings | undefined
  readonly variables: readonly ShownVariable[]
  readonly examined: Examined
}

/** Reads the configuration from the environment, and tells what is wrong with it. */
export const examineConfiguration = (): Configuration => {
  const config = new WorkerConfig()
  const variables = VARIABLE_NAMES.map((name) => ({
    name,
    value: redact(config[name], variable(name).kind.hides) ?? null,
    source: sourceOf(name),
  }))
  try {
    const { settings, warnings } = resolveSettings(config)
    const findings = [...unknownVariables(), ...warnings.map(warned)]
    const set = variables.filter(({ source }) => source !== 'default').length
    const examined = { ...passed('configuration', `${set} variables are set`), findings }
    return { settings, variables, examined }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const problems = error.problems.map(({ name, value, expected }) =>
      wrong(`${name} = ${value}`, `expected ${expected}`, name),
    )
    const examined = together([found('configuration', ...problems, ...unknownVariables())])
    return { settings: undefined, variables, examined }
  }
}

const sourceOf = (name: string): string =>
  process.env[name]?.trim() ? (sourceOfVariable(name) ?? 'environment') : 'default'

const wrong = (what: string, expected: string, name: string): Finding => ({
  code: 'config_wrong',
  severity: 'error',
  cause: `The configuration has a wrong value: ${what}.`,
  evidence: `${name} comes from: ${sourceOf(name)}; ${expected}.`,
  remedy: `Correct ${name}. docs/reference/configuration.md lists all variables.`,
})

const warned = (warning: string): Finding => ({
  code: 'config_warning',
  severity: 'warning',
  cause: `${warning}.`,
  evidence: 'The worker logs this warning at its start.',
  remedy: 'Check these variables.',
})

/** The prefixes of this package. Other variables belong to other programs. */
const OURS = /^(?:WORKER|ORCHESTRATORS?|TASK|RESULT|S3|TLS)_/
const OTHERS = /^WORKER_EXTRA_/

const unknownVariables = (): readonly Finding[] =>
  Object.keys(process.env).flatMap((name) => {
    if (!OURS.test(name) || OTHERS.test(name) || (VARIABLE_NAMES as readonly string[]).includes(name))
      return []
    const similar = similarName(name, VARIABLE_NAMES)
    if (similar === undefined) return []
    return [
      {
        code: 'variable_unknown',
        severity: 'warning' as const,
        cause: `No variable has the name ${name}: did you mean ${similar}?`,
        evidence: `${name} is set (${sourceOf(name)}), and the worker does not read it.`,
        remedy: `Rename it to ${similar}.`,
      },
    ]
  })
