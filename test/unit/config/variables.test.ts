import { describe, expect, it } from 'vitest'
import { REFUSED } from '../../../src/config/kind.js'
import { resolveSettings } from '../../../src/config/resolve.js'
import { defaultOf, VARIABLE_NAMES, type VariableName, variable } from '../../../src/config/variables.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { useCleanEnvironment } from './environment.js'
import { settingAt } from './setting-at.js'

useCleanEnvironment()

/** What users see of one variable without setting it: default, setting, accepted values. */
const line = (name: VariableName): string => {
  const { kind, setting, defaultText, ...rest } = variable(name)
  const show = (value: unknown) => defaultText ?? JSON.stringify(value) ?? 'none'
  const config = new WorkerConfig()
  const { settings } = resolveSettings(config)
  return [
    `${name} = ${show(config[name])}`,
    ...(setting ? [`${setting} = ${show(settingAt(settings, setting))}`] : []),
    `expected ${kind.expected}`,
    ...(kind.unit ? [`in ${kind.unit}`] : []),
    ...(kind.hides ? [`hides ${kind.hides}`] : []),
    ...(rest.requires ? [`requires ${rest.requires}`] : []),
    ...(rest.option ? ['also an option'] : []),
  ].join(' | ')
}

describe('the table of variables', () => {
  it('has the same names, defaults, units and kinds as before: users rely on them', async () => {
    const text = `${VARIABLE_NAMES.map(line).join('\n')}\n`
    await expect(text).toMatchFileSnapshot('./variables.golden.txt')
  })

  it.each(VARIABLE_NAMES)(
    '%s has a default that its kind accepts, and each reader gets a copy of it',
    (name) => {
      const initial = defaultOf(name)
      expect(variable(name).kind.accept(initial)).not.toBe(REFUSED)
      if (typeof initial === 'object') expect(defaultOf(name)).not.toBe(initial)
    },
  )

  it.each(VARIABLE_NAMES)('%s names settings and variables that exist', (name) => {
    const { setting, requires = name } = variable(name)
    expect(VARIABLE_NAMES).toContain(requires)
    const [first = 'workerId'] = setting?.split('.') ?? []
    expect(Object.keys(resolveSettings(new WorkerConfig()).settings)).toContain(first)
  })

  it.each(VARIABLE_NAMES)('%s is an attribute, and is printed', (name) => {
    expect(name in new WorkerConfig()).toBe(true)
    expect(Object.keys(new WorkerConfig().toJSON())).toContain(name)
  })
})
