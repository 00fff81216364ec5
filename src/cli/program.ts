import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { similarName } from '../utils/did-you-mean.js'
import { chaosCommand } from './chaos.js'
import { completionCommand } from './completion.js'
import { devCommand } from './dev.js'
import { doctorCommand } from './doctor.js'
import { NAME, UsageError } from './fail.js'
import { initCommand } from './init.js'
import { jobCommands } from './jobs.js'
import { outboxCommand } from './outbox.js'
import { replayCommand } from './replay.js'
import { runCommand } from './run.js'

/** All commands, in the order of the help. */
const allCommands = (): readonly Command[] => [
  initCommand(),
  devCommand(),
  runCommand(),
  ...jobCommands(),
  doctorCommand(),
  replayCommand(),
  chaosCommand(),
  outboxCommand(),
  completionCommand(),
]

/** Returns the whole command, ready to parse. */
export const buildProgram = (): Command => {
  const program = new Command('avtomatika-worker')
    .description('Create, run and inspect workers for the Avtomatika orchestrator.')
    .version(version())
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  for (const command of allCommands()) program.addCommand(command)
  inherit(program)
  return program
}

const version = (): string => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

const inherit = (parent: Command): void => {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent)
    inherit(command)
  }
}

/**
 * Parses the arguments and runs a command.
 *
 * @throws UsageError if the arguments are wrong; every error of the command
 */
export const runProgram = async (program: Command, args: readonly string[]): Promise<void> => {
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // The help and the version were printed.
    if (error.exitCode === 0) return
    throw usageErrorOf(error, program, args)
  }
}

const usageErrorOf = (error: CommanderError, program: Command, args: readonly string[]): UsageError => {
  const command = commandAmong(program, args)
  const path = pathOf(command)
  if (error.code === 'commander.help')
    return new UsageError('No command given.', { next: `${NAME}${path} --help` })
  const message = sentence(error.message.replace(/^error: /, ''))
  const [, wrong] = /unknown (?:command|option) '([^']*)'/.exec(error.message) ?? []
  const similar = wrong === undefined ? undefined : similarName(wrong, namesOf(command, wrong))
  if (wrong === undefined || similar === undefined)
    return new UsageError(message, { next: `${NAME}${path} --help` })
  const corrected = args.map((arg) => (arg === wrong ? similar : arg)).join(' ')
  return new UsageError(`${message}: did you mean "${similar}"?`, {
    next: `${NAME} ${corrected}`,
    cause: error,
  })
}

/** The command that the first arguments name. */
const commandAmong = (from: Command, [name, ...rest]: readonly string[]): Command => {
  const found = from.commands.find((each) => each.name() === name)
  return found ? commandAmong(found, rest) : from
}

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : ''

const namesOf = (command: Command, wrong: string): readonly string[] =>
  wrong.startsWith('-')
    ? ['--help', ...command.options.flatMap(({ long }) => long ?? [])]
    : command.commands.map((each) => each.name())

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '')
