// @ts-check
import { addressOf } from './address.js'
import { ago, duration, plural, shortId } from './format.js'
import { Badge, Empty, Link } from './parts.js'
import { FILTERS } from './store.js'
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from './vendor/preact.js'

/**
 * The list of jobs. Only the rows in sight are in the document.
 *
 * @typedef {import('./types.js').JobRow} JobRow
 * @typedef {import('./address.js').Place} Place
 * @typedef {{ go: (href: string, isTyping?: boolean) => void, place: Place, store: import('./store.js').Store, openSend: () => void, clear: () => void }} Props
 */

/** Heights of a row, in px. style.css has the same. */
const ROW_WIDE = 44
const ROW_NARROW = 64
/** Rows beyond the edges that are in the document, too. */
const SPARE = 8

const narrow = window.matchMedia('(max-width: 719px)')

const useRowHeight = () => {
  const [isNarrow, setNarrow] = useState(narrow.matches)
  useEffect(() => {
    const look = () => setNarrow(narrow.matches)
    narrow.addEventListener('change', look)
    return () => narrow.removeEventListener('change', look)
  }, [])
  return isNarrow ? ROW_NARROW : ROW_WIDE
}

/** @param {JobRow} row @param {number} now */
const timeOf = ({ started, ended, created }, now) => {
  if (ended !== undefined) return duration(ended - (started ?? created ?? ended))
  if (started !== undefined) return duration(now - started)
  return created === undefined ? '–' : duration(now - created)
}

/** @param {JobRow} row */
const noteOf = ({ status, worker, error, note, fraction }) => {
  if (status === 'running') {
    const progress =
      fraction === undefined ? '' : ` · ${Math.round(fraction * 100)} %${note ? ` ${note}` : ''}`
    return `on ${worker ?? 'a worker'}${progress}`
  }
  if (status === 'queued') return `for ${worker ?? 'a worker'}`
  if (status === 'waiting') return 'no worker can take it yet'
  return error ?? (worker ? `on ${worker}` : '')
}

/** @param {{ row: JobRow, index: number, count: number, now: number, place: Place, go: Props['go'], height: number }} props */
const Row = ({ row, index, count, now, place, go, height }) => html`
  <li style=${{ transform: `translateY(${index * height}px)` }} aria-setsize=${count} aria-posinset=${index + 1}>
    <${Link} class="job-row" go=${go} href=${addressOf({ ...place, job: row.id })} data-index=${index} aria-current=${place.job === row.id ? 'true' : undefined}>
      <span class="job-status"><${Badge} status=${row.status} /></span>
      <span class="job-task" title=${row.task}>${row.task}</span>
      <span class="job-note" title=${noteOf(row)}>${noteOf(row)}</span>
      <span class="job-id">${shortId(row.id)}</span>
      <span class="job-time">${timeOf(row, now)}</span>
      <span class="job-age">${row.created === undefined ? '' : ago(now - row.created)}</span>
    <//>
  </li>
`

/** @param {{ rows: JobRow[], now: number, place: Place, go: Props['go'] }} props */
const Rows = ({ rows, now, place, go }) => {
  const height = useRowHeight()
  const box = useRef(/** @type {HTMLElement | null} */ (null))
  const [view, setView] = useState({ top: 0, height: 800 })
  const look = () => {
    const { current } = box
    if (current) setView({ top: current.scrollTop, height: current.clientHeight })
  }
  useLayoutEffect(() => {
    look()
    const observer = new ResizeObserver(look)
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  const first = Math.max(0, Math.floor(view.top / height) - SPARE)
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / height) + SPARE)

  /** Arrow keys move between the rows. @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const from = /** @type {HTMLElement} */ (event.target).dataset?.['index']
    if (step === undefined || from === undefined || !box.current) return
    event.preventDefault()
    /** @type {HTMLElement | null} */
    const next = box.current.querySelector(`[data-index="${Number(from) + step}"]`)
    next?.focus()
  }
  return html`
    <div class="rows" ref=${box} onScroll=${look} onKeyDown=${onKeyDown}>
      <ol class="rows-all" style=${{ height: `${rows.length * height}px` }} aria-label="Jobs">
        ${rows
          .slice(first, last)
          .map(
            (row, at) =>
              html`<${Row} key=${row.id} row=${row} index=${first + at} count=${rows.length} now=${now} place=${place} go=${go} height=${height} />`,
          )}
      </ol>
    </div>
  `
}

/** @param {Props & { counts: Record<string, number> }} props */
const Toolbar = ({ place, go, store, clear, counts }) => html`
  <div class="toolbar">
    <input
      type="search"
      aria-label="Search jobs by task, id, worker or error"
      placeholder="Search by task, id, worker or error"
      value=${place.q}
      onInput=${(/** @type {any} */ event) => go(addressOf({ ...place, q: event.target.value }), true)}
    />
    <button type="button" class="quiet" disabled=${store.size === 0} onClick=${clear}>Clear ended</button>
    <div class="filters" role="group" aria-label="Filter by status">
      ${FILTERS.map(
        ({ name, label }) => html`
          <button type="button" class="filter" aria-pressed=${place.status === name ? 'true' : 'false'} onClick=${() => go(addressOf({ ...place, status: name }))}>
            ${label}<span class="count">${(counts[name] ?? 0).toLocaleString('en')}</span>
          </button>
        `,
      )}
    </div>
  </div>
`

/** @param {Props} props */
const Nothing = ({ place, store, go, openSend }) => {
  if (store.size > 0)
    return html`<${Empty} title="No job matches">
      <p>None of ${plural(store.size, 'job')} has this status and these words.</p>
      <p><button type="button" onClick=${() => go(addressOf({ view: place.view }))}>Show all jobs</button></p>
    <//>`
  const hasWorkers = store.beat.workers.length > 0
  return html`<${Empty} title="No jobs yet">
    <p>${hasWorkers ? 'A worker is connected. Send it a task.' : 'No worker is connected. Start one with the command that the terminal shows.'}</p>
    <p><button type="button" class="primary" onClick=${openSend}>Send a task</button></p>
  <//>`
}

/** @param {Props} props */
export const Jobs = (props) => {
  const { place, store, go } = props
  const { rows, counts } = useMemo(
    () => store.select(place.status, place.q),
    [place.status, place.q, store.version],
  )
  return html`
    <${Toolbar} ...${props} counts=${counts} />
    ${
      rows.length > 0
        ? html`<${Rows} rows=${rows} now=${store.beat.now} place=${place} go=${go} />`
        : store.isComplete
          ? html`<${Nothing} ...${props} />`
          : html`<p class="boot">Loading the jobs…</p>`
    }
  `
}
