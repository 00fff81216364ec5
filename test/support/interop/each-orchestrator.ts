import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import type { Generation, OrchestratorOptions, OrchestratorUnderTest } from './orchestrator-under-test.js'
import { findPython, pythonEnv } from './python-env.js'
import { type RealOrchestrator, startRealOrchestrator } from './real-orchestrator.js'
import { findRedisServer } from './redis-server.js'
import { type EnvName, PINNED } from './requirements.js'

// The first start of all may have to install the orchestrator.
const START_DEADLINE_MS = 300_000

/** What this machine lacks for a test; a reason to skip it, or to fail where nothing may be skipped. */
class Missing extends Error {}

/** The Python of an environment, which is built when it is not there. */
export const interpreterOf = async (name: EnvName): Promise<string> => {
  const python = findPython()
  if (python === undefined) throw new Missing('the real orchestrator needs python3, 3.11 or newer, with venv')
  return pythonEnv(python, name)
}

const redisBinary = async (interpreter: string): Promise<string> => {
  const found = await findRedisServer(interpreter)
  if (found === undefined) throw new Missing('there is no redis-server, and no Python wheel that brings one')
  return found
}

/** An orchestrator that the suite can run against. */
interface Candidate {
  readonly generation: Generation
  readonly start: (options: OrchestratorOptions) => Promise<OrchestratorUnderTest>
}

/** Starts any published version, in memory. */
export const startPublished = async (
  version: string,
  options: OrchestratorOptions,
): Promise<OrchestratorUnderTest> => {
  const interpreter = await interpreterOf(`orchestrator-${version}`)
  return startRealOrchestrator({ version, interpreter }, options)
}

/** Starts the published version that has the OpenTelemetry of its extra, in memory. */
export const startWithTelemetry = async (options: OrchestratorOptions): Promise<OrchestratorUnderTest> => {
  const interpreter = await interpreterOf('orchestrator-1.0b30-telemetry')
  return startRealOrchestrator({ version: '1.0b30', interpreter }, options)
}

/** Starts any published version on a Redis of its own. */
export const startOnRedis = async (
  version: string,
  options: OrchestratorOptions,
): Promise<RealOrchestrator> => {
  const interpreter = await interpreterOf(`orchestrator-${version}`)
  const published = { version, interpreter, redisBinary: await redisBinary(interpreter) }
  return startRealOrchestrator(published, options)
}

const startEmbedded = async (generation: Generation, options: OrchestratorOptions) => {
  const { startEmbeddedOrchestrator } = await import('./embedded-orchestrator.js')
  return startEmbeddedOrchestrator(generation, options)
}

/** The names are what the reports say. */
const CANDIDATES = {
  'embedded, classic': { generation: 'classic', start: (options) => startEmbedded('classic', options) },
  '1.0b8 in memory': { generation: 'classic', start: (options) => startPublished('1.0b8', options) },
  '1.0b8 on Redis': { generation: 'classic', start: (options) => startOnRedis('1.0b8', options) },
  'embedded, rxon': { generation: 'rxon', start: (options) => startEmbedded('rxon', options) },
  '1.0b30 in memory': { generation: 'rxon', start: (options) => startPublished('1.0b30', options) },
  '1.0b30 on Redis': { generation: 'rxon', start: (options) => startOnRedis('1.0b30', options) },
} as const satisfies Record<string, Candidate>

/** On the way from one generation to the other: of no use to tests of the wire. */
const BETWEEN = {
  '1.0b11 in memory': { generation: 'classic', start: (options) => startPublished('1.0b11', options) },
  '1.0b27 in memory': { generation: 'rxon', start: (options) => startPublished('1.0b27', options) },
} as const satisfies Record<string, Candidate>

/** What this machine lacks for the whole of the suite, in words; `undefined` when it has everything. */
export const checkEnvironment = async (): Promise<string | undefined> => {
  try {
    for (const name of PINNED) await interpreterOf(name)
    await redisBinary(await interpreterOf('orchestrator-1.0b8'))
    return undefined
  } catch (error) {
    if (error instanceof Missing) return error.message
    throw error
  }
}

/** Whether what this machine lacks is a failure. */
export const mayNotSkip = (): boolean => process.env['CI'] === 'true'

type Tests = (running: () => OrchestratorUnderTest, name: string) => void

const declareFor = (name: string, start: () => Promise<OrchestratorUnderTest>, tests: Tests): void => {
  let orchestrator: OrchestratorUnderTest | undefined
  let missing: string | undefined

  beforeAll(async () => {
    try {
      orchestrator = await start()
    } catch (error) {
      if (!(error instanceof Missing) || mayNotSkip()) throw error
      missing = error.message
    }
  }, START_DEADLINE_MS)

  beforeEach(({ skip }) => skip(missing !== undefined, missing))

  afterAll(() => orchestrator?.stop())

  tests(() => {
    if (orchestrator === undefined) throw new Error(`${name} is not running`)
    return orchestrator
  }, name)
}

/** `between`: of the chosen generations, those too that were published on the way from one to the other. */
type Choice = readonly (Generation | 'between')[]

export const EVERYWHERE: Choice = ['classic', 'rxon', 'between']

const chosenBy = (choice: Choice): [string, Candidate][] => {
  const candidates = choice.includes('between') ? { ...CANDIDATES, ...BETWEEN } : CANDIDATES
  return Object.entries<Candidate>(candidates).filter(([, { generation }]) => choice.includes(generation))
}

/**
 * Declares the same tests for each orchestrator of a generation, which runs from before the first of them until after
 * the last.
 *
 * @param tests declares them; the function it gets gives the running orchestrator
 */
export const forEachOrchestrator = (
  topic: string,
  options: OrchestratorOptions,
  tests: Tests,
  choice: Choice = ['classic'],
): void => {
  describe.each(chosenBy(choice))(`${topic} · %s`, (name, { start }) =>
    declareFor(name, () => start(options), tests),
  )
}
