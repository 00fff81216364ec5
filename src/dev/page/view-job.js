// @ts-check
import { addressOf } from './address.js'
import { clock, duration, plural } from './format.js'
import { act, read } from './live.js'
import { Badge, Callout, Code, Copy, Fact, Link, Progress } from './parts.js'
import { html, useEffect, useRef, useState } from './vendor/preact.js'

/**
 * One job.
 *
 * @typedef {import('./types.js').JobDetail} JobDetail
 * @typedef {import('./types.js').TimelineEntry} TimelineEntry
 * @typedef {{ id: string, close: () => void, go: (href: string) => void, store: import('./store.js').Store, say: (text: string) => void, replay: (job: JobDetail) => void }} Props
 */

const OPEN = ['waiting', 'queued', 'running']

/**
 * @param {{ id: string, isBusy: boolean, isDue: boolean }} wanted
 * @param {(found: { job?: JobDetail, isGone?: boolean }) => void} found
 */
const load = async (wanted, found) => {
  if (wanted.isBusy) return
  wanted.isBusy = true
  while (wanted.isDue) {
    wanted.isDue = false
    const { id } = wanted
    const job = await read(`jobs/${encodeURIComponent(id)}`).catch(() => undefined)
    if (id === wanted.id) found(job ? { job } : { isGone: true })
  }
  wanted.isBusy = false
}

/**
 * Reads the job again each time its row changes, one request at a time.
 * @param {string} id
 * @param {unknown} row
 * @param {boolean} isOpen
 * @returns {{ job?: JobDetail, isGone?: boolean }}
 */
const useJob = (id, row, isOpen) => {
  const [found, setFound] = useState(/** @type {any} */ ({}))
  const wanted = useRef({ id, isBusy: false, isDue: false })
  useEffect(() => {
    Object.assign(wanted.current, { id, isDue: true })
    void load(wanted.current, setFound)
  }, [id, row, isOpen])
  return found.job?.id === id || found.isGone ? found : {}
}

/** @type {Readonly<Record<string, string>>} */
const TITLES = {
  created: 'Created',
  waiting: 'Waiting for a worker',
  queued: 'Queued',
  started: 'Taken',
  progress: 'Progress',
  event: 'Event',
  failed: 'Attempt failed',
  ended: 'Ended',
}

/** @param {TimelineEntry} entry */
const titleOf = ({ kind, workerId }) => {
  const title = TITLES[kind] ?? kind
  if (kind === 'queued') return `${title} for ${workerId}`
  return kind === 'started' ? `${title} by ${workerId}` : title
}

/** @param {{ entries: readonly TimelineEntry[] }} props */
const Timeline = ({ entries }) => {
  const start = entries[0]?.atMs ?? 0
  return html`
    <section class="block">
      <div class="block-head"><h3>Timeline</h3></div>
      <ol class="timeline">
        ${entries.map(
          (entry, index) => html`
            <li key=${index} class=${`step is-${entry.kind}`}>
              <span class="step-time" title=${clock(entry.atMs)}>+${duration(entry.atMs - start)}</span>
              <span class="step-what">
                <strong>${titleOf(entry)}</strong>
                ${entry.attempt > 1 && entry.kind === 'queued' ? html` <span class="muted">attempt ${entry.attempt}</span>` : ''}
                ${entry.text ? html`<span class="step-text">${entry.text}</span>` : ''}
              </span>
            </li>
          `,
        )}
      </ol>
    </section>
  `
}

/** @param {{ logs: JobDetail['logs'] }} props */
const Logs = ({ logs }) => html`
  <section class="block">
    <div class="block-head"><h3>Log</h3>${logs.length > 0 ? html`<span class="muted">${plural(logs.length, 'line')}</span>` : ''}</div>
    ${
      logs.length === 0
        ? html`<p class="muted small">Nothing was logged. Lines of <code>log</code> in the handler appear here if the worker runs under <code>avtomatika-worker dev</code>.</p>`
        : html`<ol class="logs" tabindex="0" aria-label="Log lines">
            ${logs.map(
              ({ atMs, level, text }, index) => html`
                <li key=${index} class=${`log is-${level}`}>
                  <span class="log-time">${clock(atMs)}</span><span class="log-level">${level}</span><span class="log-text">${text}</span>
                </li>
              `,
            )}
          </ol>`
    }
  </section>
`

/** @param {{ job: JobDetail, now: number, go: Props['go'] }} props */
const Facts = ({ job, now, go }) => {
  const { worker, started, created, ended, wire } = job
  return html`
    <dl class="facts">
      <${Fact} label="Worker">${worker ? html`<${Link} go=${go} href=${addressOf({ view: 'workers' })}>${worker}<//>` : '–'}<//>
      <${Fact} label="Attempt">${job.attempt || '–'}<//>
      <${Fact} label="Created">${created === undefined ? '–' : clock(created)}<//>
      <${Fact} label="Waited">${created === undefined ? '–' : duration((started ?? ended ?? now) - created)}<//>
      <${Fact} label=${ended === undefined ? 'Runs for' : 'Ran for'}>${started === undefined ? '–' : duration((ended ?? now) - started)}<//>
      <${Fact} label="Timeout">${duration(job.timeoutMs)}<//>
      <${Fact} label="Priority">${job.priority}<//>
      <${Fact} label="Protocol status" wide=${true}>${[wire.status, wire.state, wire.generation].filter(Boolean).join(' · ')}<//>
      ${job.traceId ? html`<${Fact} label="Trace" wide=${true}><span class="mono">${job.traceId}</span><//>` : ''}
    </dl>
  `
}

/** @param {Props & { job: JobDetail }} props */
const Actions = ({ job, say, replay }) => {
  const cancel = () =>
    act(`jobs/${encodeURIComponent(job.id)}/cancel`).then(
      () => say('The worker was asked to cancel the job.'),
      (error) => say(error.message),
    )
  return html`
    <div class="actions">
      ${OPEN.includes(job.status) ? html`<button type="button" class="danger" onClick=${cancel}>Cancel job</button>` : ''}
      <button type="button" onClick=${() => replay(job)}>Run again…</button>
    </div>
  `
}

const Gone = () =>
  html`<${Callout} kind="note" title="There is no such job">It was cleared, or the orchestrator was started again. It keeps everything in memory.<//>`

/** What stops the job, and how far it is. @param {{ job: JobDetail, row: import('./types.js').JobRow | undefined }} props */
const State = ({ job, row }) => {
  const { status, fraction, note } = row ?? job
  return html`
    ${job.why ? html`<${Callout} kind="note" title="Why it does not start">${job.why}<//>` : ''}
    ${job.error ? html`<${Callout} kind="error" title=${`The job is ${job.status}`}>${job.error}<//>` : ''}
    ${fraction !== undefined && status === 'running' ? html`<${Progress} fraction=${fraction} note=${note} />` : ''}
  `
}

/** @param {Props & { job: JobDetail, row: import('./types.js').JobRow | undefined }} props */
const Content = (props) => {
  const { job, store, go } = props
  return html`
    <${Actions} ...${props} />
    <${State} ...${props} />
    <${Facts} job=${job} now=${store.beat.now} go=${go} />
    ${job.result ? html`<${Code} title="Result" text=${job.result} />` : ''}
    <${Code} title="Params" text=${job.params} />
    ${job.extras ? html`<${Code} title="Metadata and policy" text=${job.extras} />` : ''}
    <${Timeline} entries=${job.timeline} />
    <${Logs} logs=${job.logs} />
  `
}

/** @param {Props} props */
export const JobPanel = (props) => {
  const { id, store, close } = props
  const heading = useRef(/** @type {HTMLElement | null} */ (null))
  const row = store.row(id)
  const { job, isGone } = useJob(id, row, store.isComplete)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id])
  const status = row?.status ?? job?.status
  return html`
    <aside class="panel" aria-labelledby="job-title" onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && close()}>
      <div class="panel-head">
        <div class="panel-title">
          <h2 id="job-title" tabindex="-1" ref=${heading}>${job?.task ?? row?.task ?? 'Job'}</h2>
          ${status ? html`<${Badge} status=${status} />` : ''}
        </div>
        <button type="button" class="quiet" onClick=${close}>Close</button>
      </div>
      <p class="panel-id"><span class="mono">${id}</span> <${Copy} text=${id} label="id" /></p>
      ${isGone ? html`<${Gone} />` : job ? html`<${Content} ...${props} job=${job} row=${row} />` : html`<p class="boot">Loading the job…</p>`}
    </aside>
  `
}
