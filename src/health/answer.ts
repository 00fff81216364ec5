/** The answer to a health check. */
export interface HealthAnswer {
  readonly status: number
  readonly body: string
}

/** The health of a worker. */
export interface WorkerHealth {
  readonly ready: boolean
  /** Why the worker is not ready, or a problem of a worker that is ready. */
  readonly reason?: string
  /** Why only a restart of the process can help. */
  readonly notAlive?: string | undefined
}

/** Returns the answer to a request for `path`. */
export const answerHealth = (path: string, { ready, reason, notAlive }: WorkerHealth): HealthAnswer => {
  switch (path) {
    case '/health':
    case '/livez':
      return notAlive === undefined
        ? { status: 200, body: 'OK' }
        : { status: 503, body: `not alive: ${notAlive}` }
    case '/readyz':
      return ready
        ? { status: 200, body: reason === undefined ? 'OK' : `OK, but ${reason}` }
        : { status: 503, body: `not ready: ${reason ?? 'unknown'}` }
    default:
      return { status: 404, body: 'not found: use /health, /livez, /readyz, /metrics, /status or /diagnosis' }
  }
}
