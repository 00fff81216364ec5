import type { AuthError } from '../errors.js'
import type { TaskSource } from '../execution/task-in-hand.js'
import type { PollObserver } from '../polling/polling.js'

/** A connection, as the takeover opens and leaves it. */
export interface TaskConnection extends TaskSource {
  /** Whether the worker wants tasks from here. */
  readonly isUsed: boolean
  /** Why no task can come from here; `undefined`: tasks can come. */
  readonly trouble: string | undefined
  /** Resolves when the first try to register is over. */
  open(): Promise<void>
  /** Stops taking tasks. */
  leave(): Promise<void>
  /** The fence is over: registers fully if the connection has not done so. */
  fenceEnded(): void
  /** Resolves when the orchestrator knows whether this connection takes tasks. */
  untilKnown(): Promise<void>
}

/**
 * The questions that a connection asks the takeover, and the events that it reports. A poll of a crashed worker with the
 * same id may still be held by the orchestrator, and would swallow a task.
 */
export interface TakeoverHooks extends PollObserver {
  /** Whether the connection must report that it takes no tasks. */
  isHeldOff(connection: TaskConnection): boolean
  /** Called before each try to register. Returns a promise if another connection must register first. */
  beforeRegistering(connection: TaskConnection): Promise<void> | undefined
  /** The connection is registered, and its orchestrator answers. */
  ready(connection: TaskConnection): void
  /** The connection stops taking tasks. */
  left(connection: TaskConnection): void
  /** The orchestrator refuses the token. Returns whether the connection must give up; else it tries again. */
  givesUp(connection: TaskConnection, error: AuthError): boolean
}
