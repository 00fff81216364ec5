import { inspect } from 'node:util'
import { helpFor } from '../error-codes.js'
import { AuthError, AvtomatikaError, ConfigError, UnreachableError } from '../errors.js'
import { endProcess } from '../runtime/shutdown.js'
import { earlyFlags, type FailFlags } from './early-flags.js'
import { EXIT, type ExitName } from './exit-codes.js'

/** The options of a {@link CommandError}. */
export interface CommandErrorOptions extends ErrorOptions {
  /** The command to type next. */
  readonly next?: string
}

/** The command cannot do its work. The message says what happened, `next` what to type. */
export class CommandError extends AvtomatikaError {
  readonly exit: ExitName
  readonly next: string | undefined

  constructor(exit: ExitName, message: string, { next, ...options }: CommandErrorOptions = {}) {
    super(exit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), message, options)
    this.exit = exit
    this.next = next
  }
}

/** The command line is wrong. */
export class UsageError extends CommandError {
  constructor(message: string, options?: CommandErrorOptions) {
    super('usage', message, options)
  }
}

/** A failure as the user sees it. `--json` prints these members. */
export interface Failure {
  /** A stable name, for programs. */
  readonly code: string
  readonly message: string
  /** The command to type next. */
  readonly next: string
  /** The file and the anchor in the package that explain the code. */
  readonly help: string | undefined
  readonly exitCode: number
}

/** How this command is called. */
export const NAME = 'npx avtomatika-worker'

/** Returns how a failure is shown. Pure. @param typed - the arguments of the command */
export const describeFailure = (error: unknown, typed: readonly string[]): Failure => {
  const again = `${NAME} ${[...typed.map(quoted), '--debug'].join(' ')}`
  if (error instanceof CommandError) {
    const next = error.next ?? (error.exit === 'usage' ? usageOf(typed) : `${NAME} doctor`)
    return { code: error.code, message: error.message, next, help: error.help, exitCode: EXIT[error.exit] }
  }
  if (error instanceof AvtomatikaError)
    return {
      code: error.code,
      message: error.message.replace('. Next: ', '. To do: '),
      next: nextAfter(error),
      help: error.help,
      exitCode: EXIT[exitFor(error)],
    }
  const code = 'FAILED'
  return { code, message: briefly(error), next: again, help: helpFor(code), exitCode: EXIT.failed }
}

/** The errors of the job client. They are known by their codes: most commands do not load the client. */
const nextAfter = (error: AvtomatikaError): string => {
  if (error.code === 'UNKNOWN_JOB') return `${NAME} jobs`
  if (error.code === 'TIMEOUT' && 'jobId' in error) return `${NAME} job ${String(error.jobId)} --wait`
  return `${NAME} doctor`
}

const exitFor = (error: AvtomatikaError): ExitName => {
  if (error instanceof ConfigError) return 'config'
  if (error instanceof UnreachableError) return 'unreachable'
  if (error.code === 'UNKNOWN_JOB') return 'notFound'
  if (error.code === 'TIMEOUT') return 'timeout'
  return error instanceof AuthError ? 'refused' : 'failed'
}

/** Only the first words can be the names of commands. */
const usageOf = ([command]: readonly string[]): string =>
  command === undefined || command.startsWith('-') ? `${NAME} --help` : `${NAME} ${quoted(command)} --help`

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** Returns the message of an error with the first line of the user's code, instead of the whole stack. */
export const briefly = (error: unknown): string => {
  const { stack } = (error ?? {}) as { readonly stack?: unknown }
  if (typeof stack !== 'string') return inspect(error)
  const lines = stack.split('\n')
  const isFrame = (line: string) => /^\s+at /.test(line)
  const own = lines.find(
    (line) =>
      isFrame(line) && !/node:|[\\/]node_modules[\\/]|[\\/]dist[\\/]cli[\\/]|\(<anonymous>\)$/.test(line),
  )
  return [...lines.filter((line) => !isFrame(line)), ...(own === undefined ? [] : [own])].join('\n').trimEnd()
}

const helpLine = ({ help }: Failure): string[] => (help === undefined ? [] : [`Help: ${help}`])

/** Prints a failure and ends the process. */
export const fail = (error: unknown): never => {
  const typed = process.argv.slice(2)
  const { debug, json }: FailFlags = earlyFlags(typed)
  const failure = describeFailure(error, typed)
  const { exitCode, ...shown } = failure
  if (json) console.log(JSON.stringify({ error: { ...shown, exitCode } }))
  else console.error([failure.message, ...helpLine(failure), `Next: ${failure.next}`].join('\n'))
  if (debug) console.error(inspect(error))
  return endProcess(exitCode)
}
