import type { Settings } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import type { Tracing } from './tracing.js'

/** Where every copy of `@opentelemetry/api` in this process keeps what the application has registered. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1')

/** Whether the application has registered a tracer provider. */
const isSetUp = (): boolean => {
  const registry = (globalThis as { readonly [REGISTRY]?: { readonly trace?: unknown } })[REGISTRY]
  return registry?.trace !== undefined
}

/**
 * Returns the tracing of a worker if the application has set up OpenTelemetry; `undefined` otherwise. Loads nothing then.
 *
 * @param log - gets a warning if OpenTelemetry is set up and cannot be used
 */
export const tracingFor = async (
  { trace }: Pick<Settings, 'trace'>,
  log: Logger,
): Promise<Tracing | undefined> => {
  if (trace === 'off' || !isSetUp()) return undefined
  try {
    // Within this `try`, bundlers only warn if the package is missing.
    const api = await import('@opentelemetry/api')
    const { OpenTelemetryTracing } = await import('./open-telemetry.js')
    return new OpenTelemetryTracing(api, trace, log)
  } catch (err) {
    log.warn(
      { err },
      'OpenTelemetry is set up, but @opentelemetry/api cannot be loaded: no spans are made. Install it next to avtomatika-worker',
    )
    return undefined
  }
}
