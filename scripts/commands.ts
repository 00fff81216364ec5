/**
 * Writes what docs/reference/command-line.md says about options and exit codes, from the definitions of the commands.
 *
 *   npm run commands
 *
 * test/unit/cli/generated.test.ts fails if the document is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Command, Option } from 'commander'
import { EXIT, EXIT_MEANINGS, type ExitName } from '../src/cli/exit-codes.js'
import { buildProgram } from '../src/cli/program.js'
import { at, cell, inDocument } from './generated.js'
import { isMain } from './is-main.mjs'

const DOCUMENT = 'docs/reference/command-line.md'

/** Every command has these options, so the tables leave them out. */
const COMMON = new Set(['--env-file', '--env-file-if-exists', '--json', '--debug'])

const optionRow = ({ flags, description, defaultValue, envVar, argChoices }: Option): string => {
  const facts = [
    argChoices ? `One of ${argChoices.join(', ')}.` : '',
    envVar === undefined ? '' : `Variable \`${envVar}\`.`,
    defaultValue === undefined || typeof defaultValue === 'boolean'
      ? ''
      : `Default: \`${typeof defaultValue === 'object' ? JSON.stringify(defaultValue) : defaultValue}\`.`,
  ]
  const text = [`${description}.`, ...facts.filter(Boolean)].join(' ')
  return `| \`${cell(flags)}\` | ${cell(text)} |`
}

const usage = (command: Command): string => {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '')
    return argument.required ? `<${name}>` : `[${name}]`
  })
  return [...names, ...words].join(' ')
}

const section = (command: Command): readonly string[] => {
  const rows = [
    ...command.registeredArguments.map((each) => `| \`${cell(each.name())}\` | ${cell(each.description)}. |`),
    ...command.options.filter(({ long, hidden }) => !hidden && !COMMON.has(long ?? '')).map(optionRow),
  ]
  if (command.commands.length > 0) return command.commands.flatMap(section)
  return [
    `### \`${usage(command)}\``,
    '',
    command.description(),
    '',
    ...(rows.length === 0 ? [] : ['| Argument or option | Meaning |', '|---|---|', ...rows, '']),
  ]
}

/** Returns the document as it should be. */
export const commandLineDocument = (): string => {
  const codes = (Object.keys(EXIT) as ExitName[]).map((name) => `| ${EXIT[name]} | ${EXIT_MEANINGS[name]} |`)
  const text = readFileSync(at(DOCUMENT), 'utf8')
  return inDocument(
    inDocument(text, 'exit-codes', ['| Exit code | Meaning |', '|---|---|', ...codes]),
    'commands',
    buildProgram().commands.flatMap(section),
  )
}

if (isMain(import.meta.url)) writeFileSync(at(DOCUMENT), commandLineDocument())
