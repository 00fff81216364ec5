import type { Command, Heartbeat, ProgressUpdate, Registration, TaskOffer, TaskResult } from './messages.js'

/** The families of the wire. */
export type Generation = 'classic' | 'rxon'

/** A request as it goes out; the path starts below the orchestrator's URL. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string
}

/** An answer as it came in. */
export interface WireAnswer {
  readonly status: number
  readonly text: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * One generation of the wire: what is said, without sending it. Pure: no I/O, no clock.
 * The `read…` methods throw a ResponseError (its subclass says what to do) or a ProtocolError.
 */
export interface Protocol {
  readonly generation: Generation
  writeRegistration(registration: Registration): WireRequest
  readRegistration(answer: WireAnswer): void
  writeHeartbeat(workerId: string, heartbeat: Heartbeat): WireRequest
  readHeartbeat(answer: WireAnswer): void
  writePoll(workerId: string): WireRequest
  /** `null`: nothing to do at present. */
  readPoll(answer: WireAnswer): TaskOffer | null
  writeResult(result: TaskResult): WireRequest
  readResult(answer: WireAnswer): void
  socketPath(workerId: string): string
  writeProgress(update: ProgressUpdate): string
  /** `null`: a message that is no command. */
  readCommand(text: string): Command | null
}
