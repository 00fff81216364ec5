/** What a prober is told. */
export interface HealthAnswer {
  readonly status: number
  readonly body: string
}

/** What a worker says of itself. */
export interface WorkerHealth {
  readonly ready: boolean
  /** Why it is not ready, or what is amiss although it is. */
  readonly reason?: string
  /** Why only a new process can help. */
  readonly verdict?: string | undefined
}

/** Answers one request for `path`. Pure. */
export const answerHealth = (path: string, { ready, reason, verdict }: WorkerHealth): HealthAnswer => {
  switch (path) {
    case '/health':
    case '/livez':
      return verdict === undefined
        ? { status: 200, body: 'OK' }
        : { status: 503, body: `not alive: ${verdict}` }
    case '/readyz':
      return ready
        ? { status: 200, body: reason === undefined ? 'OK' : `OK, but ${reason}` }
        : { status: 503, body: `not ready: ${reason ?? 'unknown'}` }
    default:
      return { status: 404, body: 'not found; there are /health, /livez and /readyz' }
  }
}
