import { trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

// Before the worker starts. An application exports to a collector instead, for example with `NodeSDK`.
const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
const tracer = trace.getTracer('example')

const orchestrator = await startOrchestrator({ pollHoldMs: 500 })
const worker = new Worker({ config: new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url }) })
worker.task('double', ({ number }) =>
  // The span of the task is active here, so this span is inside of it.
  tracer.startActiveSpan('multiply', (span) => {
    span.end()
    return { doubled: number * 2 }
  }),
)

await worker.start()
await orchestrator.waitForWorker('double')
const { id } = await orchestrator.createJob({ task: 'double', params: { number: 21 } })
await orchestrator.waitForJob(id)
await worker.stop()
await orchestrator.close()

const spans = exporter.getFinishedSpans()
const nameOf = (spanId: string | undefined) =>
  spans.find((span) => span.spanContext().spanId === spanId)?.name ?? 'the job'
// multiply is in process double, process double is in the job, settle double is in process double
console.log(
  spans.map(({ name, parentSpanContext }) => `${name} is in ${nameOf(parentSpanContext?.spanId)}`).join(', '),
)
