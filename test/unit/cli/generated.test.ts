import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandLineDocument } from '../../../scripts/commands.js'
import { EXIT } from '../../../src/cli/exit-codes.js'
import { buildProgram } from '../../../src/cli/program.js'

test('docs/reference/command-line.md has every option and every exit code: npm run commands', () => {
  expect(commandLineDocument()).toBe(readFileSync('docs/reference/command-line.md', 'utf8'))
})

test('no two outcomes have the same exit code', () => {
  const codes = Object.values(EXIT)
  expect(new Set(codes).size).toBe(codes.length)
})

test('every command says what it does, and has --json and --debug', () => {
  const all = buildProgram().commands.flatMap((each) => (each.commands.length > 0 ? each.commands : [each]))
  for (const command of all) {
    const flags = command.options.map(({ long }) => long)
    expect(flags, command.name()).toEqual(expect.arrayContaining(['--json', '--debug', '--env-file']))
    expect(command.description(), command.name()).not.toBe('')
  }
})
