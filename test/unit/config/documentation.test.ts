import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OPTIONS, type Option, VARIABLE_NAMES } from '../../../src/config/options.js'
import type { VariableName } from '../../../src/config/values.js'

const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')

const section = (heading: string) => text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''

const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

const documented = section('All variables')
  .split('\n\n')
  .find((block) => block.startsWith('| Variable'))
  ?.split('\n')
  .slice(2)
  .map(cells)

const shownDefault = ({ initial, initialInWords }: Option<unknown, unknown>): string => {
  const value = initial()
  if (initialInWords !== undefined) return initialInWords
  if (value === undefined) return 'none'
  return `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``
}

const row = (name: VariableName) => {
  const option: Option<unknown, unknown> = OPTIONS[name]
  return [`\`${name}\``, option.about, option.unit ?? '', shownDefault(option)]
}

describe('docs/configuration.md', () => {
  it('has the variables of the table, in its order, with its words, units and defaults', () => {
    expect(documented).toEqual(VARIABLE_NAMES.map(row))
  })
})

describe('the docstrings of WorkerConfigValues', () => {
  const source = readFileSync(new URL('../../../src/config/values.ts', import.meta.url), 'utf8')

  it.each(VARIABLE_NAMES)('%s names its variable and its default', (name) => {
    const [, docstring = ''] = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s+${name}:`).exec(source) ?? []
    expect(docstring).toContain(`Variable \`${name}\``)
    const option: Option<unknown, unknown> = OPTIONS[name]
    const value = shownDefault(option).replaceAll('`', '')
    if (option.initialInWords === undefined) {
      expect(docstring.replaceAll('`', '').replace(/\s+\*\s+/g, ' ')).toContain(`Default: ${value}`)
    }
  })
})
