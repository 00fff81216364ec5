import type {
  Command,
  Heartbeat,
  ProgressUpdate,
  Receipt,
  Registration,
  TaskEvent,
  TaskOffer,
  TaskResult,
} from './messages.js'

/** The families of the wire. */
export type Generation = 'classic' | 'rxon'

/** A request as it goes out; the path starts below the orchestrator's URL. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string
  /** The worker id to send it for, if that is not this worker's id. */
  readonly onBehalfOf?: string
}

/** An answer as it came in. */
export interface WireAnswer {
  readonly status: number
  readonly text: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The orchestrator's clock, as far as it is known here. */
export interface ServerClock {
  /** What it shows now: ms since 1970. */
  nowMs(): number
  /** What this machine's clock shows when the orchestrator's shows `serverMs`. */
  toLocalMs(serverMs: number): number
}

/** A token that is shown for a while in place of the configured one; it signs nothing. */
export interface ShortLivedToken {
  readonly token: string
  readonly lifetimeMs: number
  /** Brings the next one. */
  readonly refreshToken?: string
}

/** What a worker needs to know to speak to one orchestrator. */
export interface Identity {
  readonly workerId: string
  /** Signs what the worker says. */
  readonly token: string
  /** Verifies what the orchestrator signs; `undefined`: nothing is verified. */
  readonly taskKey: string | undefined
  readonly clock: ServerClock
  /** Gives a text that is never given again. */
  readonly makeId: () => string
}

/**
 * One generation of the wire: what is said, without sending it. Pure: no I/O, no clock.
 * The `read…` methods throw a ResponseError (its subclass says what to do) or a ProtocolError.
 */
export interface Protocol {
  readonly generation: Generation
  writeRegistration(registration: Registration): WireRequest
  readRegistration(answer: WireAnswer): void
  writeHeartbeat(heartbeat: Heartbeat, registration: Registration): WireRequest
  /** Whether a heartbeat may have {@link Heartbeat.usage}. */
  readonly takesUsage?: true
  /** What of a heartbeat is told as soon as it changes; the rest waits for the next one. */
  urgent(heartbeat: Heartbeat): object
  /** @returns the ids of tasks, or of their jobs, that are cancelled */
  readHeartbeat(answer: WireAnswer): readonly string[]
  /** Asks whether the orchestrator still knows the worker; absent where a heartbeat tells. */
  writeLivenessCheck?(workerId: string): WireRequest
  readLivenessCheck?(answer: WireAnswer): void
  writePoll(workerId: string): WireRequest
  /** How much longer than it is to the server may hold a poll, in ms. */
  readonly extraHoldMs?: number
  /** `null`: nothing to do at present. */
  readPoll(answer: WireAnswer): TaskOffer | null
  writeResult(result: TaskResult): WireRequest
  readResult(answer: WireAnswer): Receipt
  /**
   * How long a result may be sent again word for word when no answer came, in ms; 0: it need not be.
   * Within that time {@link readRepeatedResult} reads the answer, as the first one may have been taken.
   */
  readonly repeatableMs: number
  readRepeatedResult(answer: WireAnswer): Receipt
  /** The codes of failures that are not dispatched again. */
  readonly finalCodes: ReadonlySet<string>
  /** What is reported in the place of a result that the orchestrator cannot read; absent where nothing helps. */
  writeUnreadable?(result: TaskResult, why: string): WireRequest
  /** Asks for a short-lived token; absent where there are none. */
  writeTokenRequest?(refreshToken?: string): WireRequest
  readToken?(answer: WireAnswer): ShortLivedToken
  socketPath(workerId: string): string
  writeProgress(update: ProgressUpdate): string
  /** What goes up the socket; absent where the orchestrator knows no events. */
  writeEvent?(event: TaskEvent): string
  /** The same over HTTP, for a worker without a socket. */
  postEvent?(text: string): WireRequest
  readEvent?(answer: WireAnswer): void
  /** `null`: a message that is no command. */
  readCommand(text: string): Command | null
}
