/** The name of a cause; stable, for programs. */
export type DiagnosisCode =
  | 'not_started'
  | 'stopped'
  | 'draining'
  | 'paused'
  | 'no_capacity'
  | 'event_loop_blocked'
  | 'results_waiting'
  | 'journal_trouble'
  | 'disk_full'
  | 'token_refused'
  | 'wrong_generation'
  | 'rate_limited'
  | 'not_registered'
  | 'polls_failing'
  | 'held_off'
  | 'clock_skew'
  | 'no_free_slot'
  | 'type_limit_reached'
  | 'unknown_task_names'
  | 'no_task_dispatched'
  | 'other_orchestrator_in_use'

/** One cause why a worker gets no tasks, or fewer than it could. */
export interface Diagnosis {
  /** The name of the cause, for programs. */
  readonly code: DiagnosisCode
  /** The cause, in one sentence. */
  readonly cause: string
  /** The observations of the worker. Contains no tokens, and no text of an orchestrator except names of tasks. */
  readonly evidence: string
  /** What to do. */
  readonly remedy: string
  /** The URL of the orchestrator, if the cause concerns one. */
  readonly orchestrator?: string
}

/** The options of {@link Worker.diagnose}. */
export interface DiagnoseOptions {
  /** How long the worker must have received no task before this counts as a cause, in ms. Default: 300,000 (five minutes). */
  noTaskForMs?: number
}
