import { inspect } from 'node:util'
import { AvtomatikaError } from '../errors.js'
import { endProcess } from '../runtime/shutdown.js'

/** The command cannot do what the user asked. The message says how to correct it. */
export class UsageError extends AvtomatikaError {
  constructor(message: string, options?: ErrorOptions) {
    super('USAGE', message, options)
  }
}

/** Prints the error and ends the process with code 1. Only errors of other origin need their stack. */
export const fail = (error: unknown): never => {
  console.error(error instanceof AvtomatikaError ? error.message : inspect(error))
  return endProcess(1)
}
