/** Every cause that `doctor` knows, from the most to the least decisive. Causes of a running worker come between. */
const CODES = [
  'config_wrong',
  'node_too_old',
  'state_dir_unusable',
  'state_dir_in_use',
  'disk_full',
  'task_files_dir_unusable',
  'tls_files_unusable',
  'name_unknown',
  'proxy_failed',
  'https_on_http',
  'http_on_https',
  'certificate_refused',
  'connection_refused',
  'no_answer',
  'not_an_orchestrator',
  'downgrade',
  'wrong_generation',
  'token_refused',
  'clock_skew',
  'rate_limited',
  'orchestrator_failing',
  'store_unusable',
  'port_taken',
  'request_unanswered',
  'check_unfinished',
  'event_loop_blocked',
  'worker',
  'worker_id_in_use',
  'task_without_worker',
  'client_token_refused',
  'variable_unknown',
  'config_warning',
] as const

/** One fault, its evidence and its remedy. */
export interface Finding {
  /** A stable name. A cause of a running worker has the code of its diagnosis. */
  readonly code: string
  /** An error keeps tasks from running. A warning may. */
  readonly severity: 'error' | 'warning'
  /** The cause, in one sentence. */
  readonly cause: string
  /** What was attempted, and what came back. */
  readonly evidence: string
  /** What to do. */
  readonly remedy: string
  /** The URL of the orchestrator, if the cause concerns one. */
  readonly orchestrator?: string
}

/** One step of the examination. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'failed' | 'skipped'
  /** What was seen. */
  readonly detail: string
}

/** The result of one step. */
export interface Examined {
  readonly checks: readonly Check[]
  readonly findings: readonly Finding[]
}

const RANK = new Map<string, number>(CODES.map((code, at) => [code, at]))
const WORKER_RANK = CODES.indexOf('worker')

const rankOf = ({ code, severity }: Finding): number =>
  (RANK.get(code) ?? WORKER_RANK) + (severity === 'warning' ? CODES.length : 0)

/** Returns the findings, the most decisive first. A cause that was found twice for one orchestrator is listed once. Pure. */
export const ranked = (findings: readonly Finding[]): readonly Finding[] => {
  const sorted = findings.toSorted((one, other) => rankOf(one) - rankOf(other))
  const isFirst = (each: Finding, at: number) =>
    at === sorted.findIndex((one) => one.code === each.code && one.cause === each.cause)
  return sorted.filter(isFirst)
}

/** A step that found nothing wrong. */
export const passed = (name: string, detail: string): Examined => ({
  checks: [{ name, status: 'ok', detail }],
  findings: [],
})

/** A step that was not done, and why. */
export const skipped = (name: string, detail: string): Examined => ({
  checks: [{ name, status: 'skipped', detail }],
  findings: [],
})

/** A step that found a fault. */
export const found = (name: string, ...findings: readonly Finding[]): Examined => ({
  checks: [{ name, status: 'failed', detail: findings[0]?.cause ?? '' }],
  findings,
})

/** Joins the results of several steps. */
export const together = (all: readonly Examined[]): Examined => ({
  checks: all.flatMap(({ checks }) => checks),
  findings: all.flatMap(({ findings }) => findings),
})
