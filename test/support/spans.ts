import { context, propagation, type SpanContext, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { onTestFinished } from 'vitest'
import { eventually } from './interop/eventually.js'

type Options = NonNullable<ConstructorParameters<typeof NodeTracerProvider>[0]>

export interface Spans {
  /** The spans that have ended so far. */
  all(): readonly ReadableSpan[]
  /** The span of this name, as soon as it has ended. */
  named(name: string): Promise<ReadableSpan>
}

/** Sets up the OpenTelemetry SDK of Node, as an application does, until the test is over. */
export const openTelemetry = (options: Options = {}, before: readonly SpanProcessor[] = []): Spans => {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [...before, new SimpleSpanProcessor(exporter)]
  const provider = new NodeTracerProvider({ ...options, spanProcessors })
  provider.register()
  onTestFinished(async () => {
    trace.disable()
    context.disable()
    propagation.disable()
    await provider.shutdown()
  })
  const all = () => exporter.getFinishedSpans()
  const find = (name: string) => () => all().find((span) => span.name === name)
  return {
    all,
    named: (name) =>
      eventually(`the span "${name}" ends`, find(name), { pauseMs: 5 }, () => all().map((span) => span.name)),
  }
}

/** The header of a trace, as a client sends it. */
export const traceparentOf = ({ traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>): string =>
  `00-${traceId}-${spanId}-01`

/** Reads the header of a trace. */
export const readTraceparent = (header: unknown): { readonly traceId: string; readonly spanId: string } => {
  const [, traceId = '', spanId = ''] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[0-9a-f]$/.exec(String(header)) ?? []
  return { traceId, spanId }
}
