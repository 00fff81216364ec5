import { inspect } from 'node:util'
import { AvtomatikaError } from '../errors.js'
import { endProcess } from '../runtime/shutdown.js'

/** What the command was asked cannot be done, for a reason that the one who asked can mend. */
export class UsageError extends AvtomatikaError {
  constructor(message: string, options?: ErrorOptions) {
    super('USAGE', message, options)
  }
}

/** Says why and ends the process. Our own errors explain themselves; of any other the stack is wanted. */
export const fail = (error: unknown): never => {
  console.error(error instanceof AvtomatikaError ? error.message : inspect(error))
  return endProcess(1)
}
