import type { Context, Span } from '@opentelemetry/api'
import type { TaskOffer, TaskResult, TraceHeaders } from '../protocol/messages.js'
import type { Logger } from '../utils/logger.js'
import { VERSION } from '../version.js'
import { attributesOf } from './attributes.js'
import { Guard } from './guard.js'
import { endWith, type OpenTelemetryApi, OpenTelemetrySpan, type SpanTools } from './open-telemetry-span.js'
import { traceHeaders } from './trace-headers.js'
import type { Giver, TaskSpan, Tracing } from './tracing.js'

/** By this key, SDKs and instrumentations find that no spans are wanted. Exporters use it for their own requests. */
const SUPPRESSED = 'OpenTelemetry SDK Context Key SUPPRESS_TRACING'

const NONE: TraceHeaders = {}

/** Makes the spans with the tracer provider, the propagator and the context manager of the application. */
export class OpenTelemetryTracing implements Tracing {
  readonly #tools: SpanTools
  readonly #relation: 'parent' | 'link'
  readonly #suppressed: symbol
  /** The headers of the polls that brought tasks. */
  readonly #polls = new WeakMap<TaskOffer, TraceHeaders>()

  /**
   * @param relation - of the span of a task to the trace of its job
   * @param log - gets a warning if code of the application throws
   */
  constructor(api: OpenTelemetryApi, relation: 'parent' | 'link', log: Logger) {
    const tracer = api.trace.getTracer('avtomatika-worker', VERSION)
    this.#tools = { api, tracer, guard: new Guard(log) }
    this.#relation = relation
    this.#suppressed = api.createContextKey(SUPPRESSED)
  }

  headersOf(offer: TaskOffer): TraceHeaders {
    const headers = traceHeaders(offer.tracingContext)
    const isTraced = this.#tools.guard.run(() => this.#spanIn(this.#extract(headers))) !== undefined
    return isTraced ? headers : (this.#polls.get(offer) ?? headers)
  }

  begin(offer: TaskOffer, taskName: string, from: Giver): TaskSpan | undefined {
    const { api, tracer, guard } = this.#tools
    const { context, propagation, SpanKind, trace } = api
    return guard.run(() => {
      // Other values of the application's context stay. A span in which it started its worker is no parent of tasks.
      const base = trace.deleteSpan(context.active())
      const origin = propagation.extract(base, this.headersOf(offer))
      const creation = this.#spanIn(origin)
      const parent = this.#relation === 'parent' ? origin : trace.deleteSpan(origin)
      const options = {
        kind: SpanKind.CONSUMER,
        attributes: attributesOf('process', offer, taskName, from),
        links: creation ? [{ context: creation }] : [],
      }
      const span = tracer.startSpan(`process ${taskName}`, options, parent)
      const inside = trace.setSpan(parent, span)
      return new OpenTelemetrySpan(this.#tools, span, inside, this.#inject(inside))
    })
  }

  async poll(send: (headers: TraceHeaders) => Promise<TaskOffer | null>): Promise<TaskOffer | null> {
    const headers = this.#tools.guard.run(() => this.#newTrace()) ?? NONE
    const offer = await send(headers)
    if (offer) this.#polls.set(offer, headers)
    return offer
  }

  settle<T>(result: TaskResult, to: string, send: (headers: TraceHeaders) => Promise<T>): Promise<T> {
    const begun = this.#tools.guard.run(() => this.#beginSettle(result, to))
    return endWith(this.#tools, begun?.span, () => send(begun?.headers ?? NONE))
  }

  unseen<T>(work: () => T): T {
    const { context } = this.#tools.api
    return context.with(context.active().setValue(this.#suppressed, true), work)
  }

  #beginSettle(result: TaskResult, to: string): { readonly span: Span; readonly headers: TraceHeaders } {
    const { api, tracer } = this.#tools
    const { taskName, headers = NONE } = result.trace ?? {}
    const parent = this.#extract(headers)
    const attributes = attributesOf('settle', result, taskName, { url: to, workerId: result.workerId })
    const name = taskName === undefined ? 'settle' : `settle ${taskName}`
    const span = tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes }, parent)
    return { span, headers: this.#inject(api.trace.setSpan(parent, span)) }
  }

  /**
   * Only the sampler of the application can decide whether a trace is recorded, so a span is started. It is never ended and
   * so never exported: of most polls there is nothing to tell.
   */
  #newTrace(): TraceHeaders {
    const { api, tracer } = this.#tools
    const span = tracer.startSpan('poll', { kind: api.SpanKind.CLIENT }, api.ROOT_CONTEXT)
    return this.#inject(api.trace.setSpan(api.ROOT_CONTEXT, span))
  }

  #extract(headers: TraceHeaders): Context {
    const { propagation, ROOT_CONTEXT } = this.#tools.api
    return propagation.extract(ROOT_CONTEXT, headers)
  }

  #inject(context: Context): TraceHeaders {
    const carrier: Record<string, string> = {}
    this.#tools.api.propagation.inject(context, carrier)
    return traceHeaders(carrier)
  }

  #spanIn(context: Context) {
    const { isSpanContextValid, trace } = this.#tools.api
    const found = trace.getSpanContext(context)
    return found && isSpanContextValid(found) ? found : undefined
  }
}
