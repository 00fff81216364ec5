import { type Command, CommanderError } from 'commander'
import { buildProgram } from '../../../src/cli/program.js'

/** Replaces the action of each command by nothing. */
const disarm = (command: Command): void => {
  if (command.commands.length === 0) command.action(() => {})
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const each of command.commands) disarm(each)
}

/** Lets the definitions of the commands parse the arguments, and returns their complaint. */
export const problemOfArguments = (args: readonly string[]): string | undefined => {
  const program = buildProgram()
  for (const each of program.commands) disarm(each)
  program.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  try {
    program.parse(args, { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? undefined : `avtomatika-worker ${args.join(' ')}: ${error.message}`
  }
}
