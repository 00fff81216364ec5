/** What a prober is told. */
export interface HealthAnswer {
  readonly status: number
  readonly body: string
}

/** Answers one request for `path`. Pure. */
export const answerHealth = (
  path: string,
  readiness: { readonly ready: boolean; readonly reason?: string },
): HealthAnswer => {
  switch (path) {
    case '/health':
    case '/livez':
      return { status: 200, body: 'OK' }
    case '/readyz':
      return readiness.ready
        ? { status: 200, body: readiness.reason === undefined ? 'OK' : `OK, but ${readiness.reason}` }
        : { status: 503, body: `not ready: ${readiness.reason ?? 'unknown'}` }
    default:
      return { status: 404, body: 'not found; there are /health, /livez and /readyz' }
  }
}
