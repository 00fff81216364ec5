import type { Events, WorkerState } from '../events.js'
import type { Settings } from '../settings.js'
import type { TransferCounts } from '../storage/transfer-counts.js'
import type { TaskRegistry } from '../tasks/definition.js'
import type { DiagnoseOptions, Diagnosis } from './diagnosis.js'
import { EventCounts } from './event-counts.js'
import type { Exporter } from './exporter.js'
import type { Observed, ObservedParts } from './observed.js'
import { type Readiness, takeSnapshot, type WorkerSnapshot } from './snapshot.js'
import type { MetricsFormat } from './write-text.js'

/** The options of {@link WorkerMetrics.text}. */
export interface MetricsOptions {
  /** The format of the text. Default: `prometheus`. OpenMetrics ends with `# EOF`, so nothing can be appended to it. */
  format?: MetricsFormat
  /** Whether to add the `process_…` and `nodejs_…` metrics. Default: true. Leave them out if your registry has them. */
  process?: boolean
}

/** Writes the metrics of a worker. `docs/reference/metrics.md` lists all names. */
export interface WorkerMetrics {
  /**
   * Writes all metrics of the worker, as `/metrics` does.
   *
   * @example
   * app.get('/metrics', async () => (await registry.metrics()) + (await worker.metrics.text({ process: false })))
   */
  text(options?: MetricsOptions): Promise<string>
}

/** The worker that is reported on. */
export interface Subject {
  readonly events: Events
  readonly settings: Settings
  readonly registry: Pick<TaskRegistry, 'all'>
  readonly transfers: TransferCounts
  readonly worker: {
    readonly state: WorkerState
    readonly readiness: Readiness
  }
  readonly runtime: { readonly parts: ObservedParts }
}

/** A page of the health server. */
interface Page {
  readonly type: string
  readonly body: string
}

/**
 * Tells what a worker does: snapshots, metrics and diagnoses. Only the snapshot is loaded at once. Everything else is loaded
 * when somebody asks for it.
 */
export class Reports implements WorkerMetrics {
  readonly #counts: EventCounts
  readonly #subject: Subject
  #exporter: Promise<Exporter> | undefined
  #isClosed = false

  constructor(subject: Subject) {
    const { events } = subject
    this.#subject = subject
    this.#counts = new EventCounts(events)
    events.on('stateChanged', ({ to }) => {
      if (to === 'stopped') this.#close()
    })
  }

  snapshot(): WorkerSnapshot {
    return takeSnapshot(this.#observe())
  }

  async diagnose(options?: DiagnoseOptions): Promise<readonly Diagnosis[]> {
    const { diagnose } = await import('./diagnose.js')
    return diagnose(this.#observe(), options)
  }

  async text({ format = 'prometheus', process = true }: MetricsOptions = {}): Promise<string> {
    this.#exporter ??= this.#makeExporter()
    return (await this.#exporter).text(() => this.#observe(), format, process)
  }

  /**
   * Returns the page of the health server at `path`, if there is one.
   *
   * @param accept - the header `Accept` of the request
   */
  readonly page = (path: string, accept: string): Promise<Page> | undefined => {
    if (path === '/metrics' && this.#subject.settings.metrics) return this.#metricsPage(accept)
    if (path === '/diagnosis') return this.#diagnosisPage()
    return path === '/status' ? this.#statusPage() : undefined
  }

  #observe(): Observed {
    const { settings, registry, transfers, worker, runtime } = this.#subject
    const { state, readiness } = worker
    const own = { settings, registry, transfers, counts: this.#counts }
    return { ...runtime.parts, ...own, state, isReady: readiness.ready, reason: readiness.reason }
  }

  async #metricsPage(accept: string): Promise<Page> {
    const { formatFor } = await import('./accept.js')
    const { CONTENT_TYPES } = await import('./write-text.js')
    const format = formatFor(accept)
    return { type: CONTENT_TYPES[format], body: await this.text({ format }) }
  }

  async #statusPage(): Promise<Page> {
    return jsonPage(this.snapshot())
  }

  async #diagnosisPage(): Promise<Page> {
    return jsonPage(await this.diagnose())
  }

  async #makeExporter(): Promise<Exporter> {
    const { Exporter } = await import('./exporter.js')
    const exporter = new Exporter()
    if (this.#isClosed) exporter.close()
    return exporter
  }

  #close(): void {
    this.#isClosed = true
    void this.#exporter?.then((exporter) => exporter.close())
  }
}

const jsonPage = (value: object): Page => ({
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value, undefined, 2)}\n`,
})
