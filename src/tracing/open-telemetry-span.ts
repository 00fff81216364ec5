import type { Context, Span, Tracer } from '@opentelemetry/api'
import type { Outcome, TraceHeaders } from '../protocol/messages.js'
import { errorType } from './attributes.js'
import type { Guard } from './guard.js'
import type { Stage, TaskSpan } from './tracing.js'

export type OpenTelemetryApi = typeof import('@opentelemetry/api')

/** What all spans of a worker are made with. */
export interface SpanTools {
  readonly api: OpenTelemetryApi
  readonly tracer: Tracer
  readonly guard: Guard
}

/** The span of one task. */
export class OpenTelemetrySpan implements TaskSpan {
  readonly headers: TraceHeaders
  readonly #tools: SpanTools
  readonly #span: Span
  readonly #inside: Context

  /** @param inside - the context in which the span is active */
  constructor(tools: SpanTools, span: Span, inside: Context, headers: TraceHeaders) {
    this.#tools = tools
    this.#span = span
    this.#inside = inside
    this.headers = headers
  }

  run<T>(work: () => T): T {
    return this.#tools.api.context.with(this.#inside, work)
  }

  async stage<T>(stage: Stage, objects: number, work: () => Promise<T>): Promise<T> {
    const { api, tracer, guard } = this.#tools
    const attributes = { 'avtomatika.stage.objects': objects }
    const span = guard.run(() => tracer.startSpan(stage, { attributes }, this.#inside))
    const inside = span ? api.trace.setSpan(this.#inside, span) : this.#inside
    return endWith(this.#tools, span, () => api.context.with(inside, work))
  }

  end(outcome: Outcome, thrown?: Error | string): void {
    const { api, guard } = this.#tools
    guard.run(() => {
      const span = this.#span
      span.setAttribute('avtomatika.task.status', outcome.kind === 'value' ? outcome.status : outcome.kind)
      if (thrown !== undefined) span.recordException(thrown)
      if (outcome.kind === 'failure') fail(api, span, outcome.error.code, outcome.error.message)
      span.end()
    })
  }
}

/** Runs `work`, and ends the span with it. Rejects as `work` does. */
export const endWith = async <T>(
  { api, guard }: SpanTools,
  span: Span | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    guard.run(() => span && fail(api, span, errorType(error), message))
    throw error
  } finally {
    guard.run(() => span?.end())
  }
}

/** The most of an error message that a span has, in characters. */
const MESSAGE = 1_000

const fail = ({ SpanStatusCode }: OpenTelemetryApi, span: Span, type: string, message: string): void => {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, MESSAGE) })
}
