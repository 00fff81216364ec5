import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { VARIABLE_NAMES, type VariableName, variable } from '../../../src/config/variables.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'
import { problemsOf } from './problems.js'
import { settingAt } from './setting-at.js'

useCleanEnvironment()

/** The settings that are made of several variables. */
const joined: Partial<Record<VariableName, string>> = {
  CPU_CORES: 'resources.cpuCores',
  RAM_GB: 'resources.ramGb',
  GPU_VRAM_GB: 'resources.gpu.vramGb',
}

/** Each numeric variable with the range that its error message promises. */
const numeric = VARIABLE_NAMES.flatMap((name) => {
  const { expected, unit } = variable(name).kind
  const [, least, most = Number.MAX_SAFE_INTEGER] =
    /number (?:of at least|from) ([\d.]+)(?: to ([\d.]+))?$/.exec(expected) ?? []
  return least === undefined
    ? []
    : [{ name, least: Number(least), most: Number(most), scale: unit === 's' ? 1_000 : 1 }]
})

/** With these, no number is useless. */
const FULL = { GPU_MODEL: 'A100', ORCHESTRATOR_SECRET_KEY: 'k' }

/** The setting of a variable; the worker reports no memory if `RAM_GB` is 0. */
const settingOf = (config: WorkerConfig, name: VariableName): unknown =>
  settingAt(resolveSettings(config).settings, joined[name] ?? variable(name).setting ?? '') ?? 0

const anyText = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789.eE+-_ xXnNaAiI'.split('')) }),
    fc.double().map(String),
    fc.integer().map(String),
    fc.bigInt().map(String),
  )
  .filter((text) => !text.includes('\0') && text.trim() !== '')

describe('a numeric variable', () => {
  it('is any with a number as its default, a number of bytes, an age, or a number of seconds', () => {
    expect(numeric.map(({ name }) => name)).toEqual(
      VARIABLE_NAMES.filter(
        (name) =>
          typeof new WorkerConfig()[name] === 'number' ||
          name.endsWith('_BYTES') ||
          name === 'TASK_MAX_AGE' ||
          name.endsWith('_SECONDS'),
      ),
    )
  })

  it.each(numeric)(
    '$name gives a number in its range for any text, or a problem',
    ({ name, least, most, scale }) => {
      fc.assert(
        fc.property(anyText, (text) => {
          setVariables({ [name]: text })
          const config = new WorkerConfig({ ...FULL })
          const problems = problemsOf(config)
          if (problems.length > 0) {
            expect(problems.map((problem) => problem.name)).toEqual([name])
            return
          }
          const value = settingOf(config, name)
          expect(value).toBeGreaterThanOrEqual(least * scale)
          expect(value).toBeLessThanOrEqual(name.endsWith('_GB') ? Number.MAX_VALUE : most * scale)
        }),
        { numRuns: 150 },
      )
    },
  )

  it.each(numeric)('$name accepts any value in its range from code', ({ name, least, most, scale }) => {
    const setting = fc.oneof(
      fc.constant(least * scale),
      fc.integer({ min: least * scale, max: Math.min(most * scale, 65_535) }),
    )
    fc.assert(
      fc.property(setting, (expected) => {
        const config = new WorkerConfig({ ...FULL, [name]: expected / scale })
        expect(settingOf(config, name)).toBe(expected)
      }),
      { numRuns: 50 },
    )
  })

  it.each(numeric)('$name refuses values outside of its range', ({ name, least, most }) => {
    const outside = most === Number.MAX_SAFE_INTEGER ? [least - 0.001] : [least - 0.001, most + 0.001]
    for (const value of outside) {
      const problems = problemsOf(new WorkerConfig({ ...FULL, [name]: value }))
      expect(problems.map((problem) => problem.name)).toEqual([name])
    }
  })
})
