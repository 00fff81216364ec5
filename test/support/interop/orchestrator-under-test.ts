import type { ClientApi } from './client-api.js'

export type Kind = 'embedded' | 'memory' | 'redis'
/** The family of the wire it speaks. */
export type Generation = 'classic' | 'rxon'

/** What a test may ask of the orchestrator it runs against. Whatever is left out is the suite's default. */
export interface OrchestratorOptions {
  /** How long a poll is held open; default 1,000 (the real one counts whole seconds). */
  readonly pollHoldMs?: number
  /** How long a worker's record outlives its last heartbeat; default 120,000 (the real one: even seconds). */
  readonly workerTtlMs?: number
  /** How often a transient failure is tried again; default 3. */
  readonly maxRetries?: number
  /** Off unless given; the real one of the first generation always counts to 5. */
  readonly rateLimit?: { readonly requests: 5; readonly windowMs: number }
  /** Adds a client to the real one that may send so many requests: see `QUOTA_TOKEN`. */
  readonly quota?: number
  /** Tokens of single workers, by worker id. */
  readonly individualTokens?: Readonly<Record<string, string>>
  /** How often the real one looks for jobs whose time is up; default 20,000 (whole seconds). */
  readonly watchEveryMs?: number
  /** How long a job that a killed one was moving lies until the real one on Redis moves it on; default 60,000. */
  readonly reclaimMs?: number
  /** Makes jobs of the real one wait for a worker instead of being quarantined. */
  readonly waitForWorker?: true
  /** How many jobs the real one of the second generation moves at once; default 1,000. */
  readonly jobsAtOnce?: number
  /**
   * Makes the real one write its spans to its log at once. `repaired`: it also tells workers the trace of the job, which every
   * published version means to do.
   */
  readonly spans?: 'as published' | 'repaired'
  /** Makes the real one log what it hears over its sockets, too. */
  readonly talkative?: true
}

export type EndSignal = 'SIGTERM' | 'SIGKILL'

/** An orchestrator that was started for a test, spoken to over HTTP only. */
export interface OrchestratorUnderTest {
  readonly name: string
  readonly kind: Kind
  readonly generation: Generation
  readonly url: string
  readonly workerToken: string
  /** The token of the client that has no quota worth a name. */
  readonly clientToken: string
  /** What it signs tasks with; the first generation signs none. */
  readonly secretKey: string
  readonly client: ClientApi
  /** What a restart leaves of the jobs: results of tasks from before it are taken, or answered 404. */
  readonly jobsAfterRestart: 'kept' | 'lost'
  /** Makes the orchestrator lose its records of the workers; in memory the real 1.0b8 loses its jobs, too. */
  forgetWorkers(): Promise<void>
  /** Ends it and starts it anew on the same port. `whileDown` runs when nobody listens there. */
  restart(signal: EndSignal, whileDown?: () => Promise<void>): Promise<void>
  /** The end of what the real one has logged since it was last started; the embedded one logs nothing. */
  log(): string
  stop(): Promise<void>
}
