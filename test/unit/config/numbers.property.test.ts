import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import type { VariableName } from '../../../src/config/values.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import type { Settings } from '../../../src/settings.js'
import { setVariables, useCleanEnvironment } from './environment.js'
import { problemsOf } from './problems.js'

useCleanEnvironment()

const WEEK_MS = 604_800_000

/** Each numeric variable: its setting, and the range that setting may never leave. */
const numeric: readonly [VariableName, (settings: Settings) => number | undefined, number, number][] = [
  ['WORKER_PORT', (settings) => settings.workerPort, 0, 65_535],
  ['MAX_CONCURRENT_TASKS', (settings) => settings.maxConcurrentTasks, 1, Number.MAX_SAFE_INTEGER],
  ['CPU_CORES', (settings) => settings.resources.cpuCores, 1, Number.MAX_SAFE_INTEGER],
  ['GPU_VRAM_GB', (settings) => settings.resources.gpu?.vramGb, 0, Number.MAX_VALUE],
  ['HEARTBEAT_INTERVAL', (settings) => settings.heartbeatIntervalMs, 1, WEEK_MS],
  ['WORKER_HEARTBEAT_DEBOUNCE_DELAY', (settings) => settings.heartbeatDebounceMs, 0, WEEK_MS],
  ['RESULT_MAX_RETRIES', (settings) => settings.resultMaxRetries, 0, Number.MAX_SAFE_INTEGER],
  ['RESULT_RETRY_INITIAL_DELAY', (settings) => settings.resultRetryInitialDelayMs, 1, WEEK_MS],
  ['TASK_POLL_TIMEOUT', (settings) => settings.pollTimeoutMs, 1, WEEK_MS],
  ['TASK_POLL_ERROR_DELAY', (settings) => settings.pollErrorDelayMs, 1, WEEK_MS],
  ['IDLE_POLL_DELAY', (settings) => settings.idlePollDelayMs, 0, WEEK_MS],
  ['WORKER_SHUTDOWN_TIMEOUT', (settings) => settings.shutdownTimeoutMs, 0, WEEK_MS],
]

const anyText = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789.eE+-_ xXnNaAiI'.split('')) }),
    fc.double().map(String),
    fc.integer().map(String),
    fc.bigInt().map(String),
  )
  .filter((text) => !text.includes('\0'))

describe('any text in a numeric variable', () => {
  it.each(numeric)(
    '%s gives a number in its range, or a problem that names it',
    (name, read, least, most) => {
      fc.assert(
        fc.property(anyText, (text) => {
          setVariables({ [name]: text })
          const config = new WorkerConfig({ GPU_MODEL: 'A100' })
          const problems = problemsOf(config)
          if (problems.length > 0) {
            expect(problems.map((problem) => problem.name)).toEqual([name])
            return
          }
          const value = read(resolveSettings(config).settings)
          expect(value).toBeGreaterThanOrEqual(least)
          expect(value).toBeLessThanOrEqual(most)
        }),
        { numRuns: 150 },
      )
    },
  )

  it.each(numeric)('%s takes any value in its range, set in code', (name, read, least, most) => {
    const toSetting = fc.oneof(fc.constant(least), fc.integer({ min: least, max: Math.min(most, 65_535) }))
    fc.assert(
      fc.property(toSetting, (setting) => {
        const isDuration = most === WEEK_MS
        const config = new WorkerConfig({ GPU_MODEL: 'A100', [name]: isDuration ? setting / 1_000 : setting })
        expect(read(resolveSettings(config).settings)).toBe(setting)
      }),
      { numRuns: 50 },
    )
  })
})
