import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import type { OrchestratorOptions, OrchestratorUnderTest } from './orchestrator-under-test.js'
import { findPython, interpreterIn, pythonEnv } from './python-env.js'
import { startRealOrchestrator } from './real-orchestrator.js'
import { findRedisServer } from './redis-server.js'

// The first start of all has to install the orchestrator.
const START_DEADLINE_MS = 300_000

/** What this machine lacks for a test; a reason to skip it, or to fail where nothing may be skipped. */
class Missing extends Error {}

type Start = (options: OrchestratorOptions) => Promise<OrchestratorUnderTest>

const interpreter = async (): Promise<string> => {
  const python = findPython()
  if (python === undefined) throw new Missing('the real orchestrator needs python3, 3.11 or newer, with venv')
  return interpreterIn(await pythonEnv(python))
}

const redisBinary = async (): Promise<string> => {
  const found = await findRedisServer(await interpreter())
  if (found === undefined) throw new Missing('there is no redis-server, and no Python wheel that brings one')
  return found
}

/** The orchestrators the suite runs against; the names are what the reports say. */
const STARTS: Readonly<Record<string, Start>> = {
  embedded: async (options) => {
    const { startEmbeddedOrchestrator } = await import('./embedded-orchestrator.js')
    return startEmbeddedOrchestrator(options)
  },
  '1.0b8 in memory': async (options) => startRealOrchestrator(await interpreter(), options),
  '1.0b8 on Redis': async (options) =>
    startRealOrchestrator(await interpreter(), options, await redisBinary()),
}

/** What this machine lacks for the whole of the suite, in words; `undefined` when it has everything. */
export const checkEnvironment = async (): Promise<string | undefined> => {
  try {
    await redisBinary()
    return undefined
  } catch (error) {
    if (error instanceof Missing) return error.message
    throw error
  }
}

/** Whether what this machine lacks is a failure. */
export const mayNotSkip = (): boolean => process.env['CI'] === 'true'

/**
 * Declares the same tests for each orchestrator, which runs from before the first of them until after the last.
 *
 * @param tests declares them; the function it gets gives the running orchestrator
 */
export const forEachOrchestrator = (
  topic: string,
  options: OrchestratorOptions,
  tests: (running: () => OrchestratorUnderTest, name: string) => void,
): void => {
  describe.each(Object.entries(STARTS))(`${topic} · %s`, (name, start) => {
    let orchestrator: OrchestratorUnderTest | undefined
    let missing: string | undefined

    beforeAll(async () => {
      try {
        orchestrator = await start(options)
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
  })
}
