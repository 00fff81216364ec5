// @ts-check
import { addressOf, placeIn } from './address.js'
import { duration } from './format.js'
import { act, Live, openSession } from './live.js'
import { Link } from './parts.js'
import { SendDialog } from './send-dialog.js'
import { Sparkline } from './sparkline.js'
import { Store } from './store.js'
import { nextTheme, useTheme } from './theme.js'
import { html, render, useEffect, useReducer, useState } from './vendor/preact.js'
import { Activity } from './view-activity.js'
import { Faults } from './view-faults.js'
import { JobPanel } from './view-job.js'
import { Jobs } from './view-jobs.js'
import { Locked } from './view-locked.js'
import { Queue } from './view-queue.js'
import { Workers } from './view-workers.js'

/** @typedef {import('./address.js').Place} Place */

const store = new Store()

/** How long a message stays, in ms. */
const SAID_MS = 6_000
const SPARK_SECONDS = 60

/** @type {Readonly<Record<string, string>>} */
const PHASES = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting', locked: 'Locked' }

const usePlace = () => {
  const [place, setPlace] = useState(placeIn(window.location.search))
  useEffect(() => {
    const look = () => setPlace(placeIn(window.location.search))
    window.addEventListener('popstate', look)
    return () => window.removeEventListener('popstate', look)
  }, [])
  /**
   * Other moves can be undone with Back, single letters of a search cannot.
   * @param {string} href
   * @param {boolean} [isTyping]
   */
  const go = (href, isTyping = false) => {
    window.history[isTyping ? 'replaceState' : 'pushState'](null, '', href)
    setPlace(placeIn(window.location.search))
  }
  return { place, go }
}

/** @param {{ place: Place, go: (href: string) => void }} props */
const Tabs = ({ place, go }) => {
  const { workers, queue, faults = [] } = store.beat
  const tabs = [
    { view: 'jobs', label: 'Jobs', count: store.size },
    { view: 'workers', label: 'Workers', count: workers.filter(({ state }) => state !== 'lost').length },
    { view: 'queue', label: 'Queue', count: queue.reduce((sum, { jobs }) => sum + jobs, 0) },
    { view: 'activity', label: 'Activity', count: 0 },
    { view: 'faults', label: 'Break things', count: faults.length },
  ]
  return html`
    <nav aria-label="Views" class="tabs">
      ${tabs.map(
        ({ view, label, count }) => html`
          <${Link} key=${view} go=${go} href=${addressOf({ view })} aria-current=${place.view === view ? 'page' : undefined}>
            ${label}${count > 0 ? html`<span class="count">${count.toLocaleString('en')}</span>` : ''}
          <//>
        `,
      )}
    </nav>
  `
}

const Sparks = () => {
  const points = store.rates(SPARK_SECONDS)
  const recent = points.slice(-10)
  const ended = points.map(([, , done, failed]) => done + failed)
  const rate = recent.reduce((sum, [, , done, failed]) => sum + done + failed, 0) / recent.length
  const latencies = points.map(([, , , , , p95]) => p95)
  const latest = latencies.findLast((value) => value !== null)
  return html`
    <div class="sparks" aria-label="The last minute" role="group">
      <${Sparkline} label="Jobs ended" value=${`${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} /s`} values=${ended} />
      <${Sparkline} label="Latency, 95 %" value=${duration(latest)} values=${latencies} />
    </div>
  `
}

/** @param {{ phase: string, theme: string, setTheme: (theme: string) => void, place: Place, go: (href: string) => void, openSend: () => void }} props */
const Header = ({ phase, theme, setTheme, place, go, openSend }) => html`
  <header>
    <div class="bar">
      <div class="brand"><img src="/_page/files/icon.svg" alt="" width="28" height="28" /><h1>Avtomatika <span class="muted">dev</span></h1></div>
      <p class=${`phase is-${phase}`} role="status">${PHASES[phase]}</p>
      <${Sparks} />
      <div class="bar-end">
        <button type="button" class="quiet" onClick=${() => setTheme(nextTheme(theme))}>Theme: ${theme}</button>
        <button type="button" class="primary" onClick=${openSend} disabled=${phase === 'locked'}>Send a task</button>
      </div>
    </div>
    <${Tabs} place=${place} go=${go} />
  </header>
`

/** @param {{ place: Place, go: (href: string) => void, theme: string, say: (text: string) => void, openSend: () => void }} props */
const View = ({ place, go, theme, say, openSend }) => {
  const clear = () =>
    act('clear').then(
      ({ cleared }) => say(`Cleared ${cleared} jobs that had ended.`),
      (error) => say(error.message),
    )
  switch (place.view) {
    case 'workers':
      return html`<${Workers} store=${store} go=${go} />`
    case 'queue':
      return html`<${Queue} store=${store} go=${go} />`
    case 'activity':
      return html`<${Activity} store=${store} theme=${theme} />`
    case 'faults':
      return html`<${Faults} store=${store} say=${say} />`
    default:
      return html`<${Jobs} store=${store} place=${place} go=${go} openSend=${openSend} clear=${clear} />`
  }
}

const useSaid = () => {
  const [said, say] = useState('')
  useEffect(() => {
    if (said === '') return undefined
    const timer = setTimeout(() => say(''), SAID_MS)
    return () => clearTimeout(timer)
  }, [said])
  return { said, say }
}

/** @param {{ live: Live }} props */
const App = ({ live }) => {
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0)
  const { place, go } = usePlace()
  const [theme, setTheme] = useTheme()
  const { said, say } = useSaid()
  const [draft, setDraft] = useState(
    /** @type {{ task: string, params: string } | null | undefined} */ (null),
  )
  useEffect(() => {
    live.watch(() => redraw(0))
    return store.subscribe(() => redraw(0))
  }, [])
  const openSend = () => setDraft(undefined)
  /** @param {string[]} ids */
  const sent = (ids) => {
    setDraft(null)
    const [first = ''] = ids
    if (ids.length === 1) return go(addressOf({ job: first }))
    say(`Sent ${ids.length.toLocaleString('en')} tasks.`)
    go(addressOf({}))
  }
  const isLocked = live.phase === 'locked'
  const hasPanel = !isLocked && place.view === 'jobs' && place.job !== ''
  const close = () => {
    go(addressOf({ ...place, job: '' }))
    requestAnimationFrame(() => {
      /** @type {HTMLElement | null} */
      const link = document.querySelector(`.job-row[href*="${CSS.escape(place.job)}"]`)
      link?.focus()
    })
  }
  return html`
    <${Header} phase=${live.phase} theme=${theme} setTheme=${setTheme} place=${place} go=${go} openSend=${openSend} />
    ${live.phase === 'lost' ? html`<p class="banner" role="alert">The orchestrator does not answer. This page shows the last state, and connects again by itself.</p>` : ''}
    <main class=${hasPanel ? 'has-panel' : ''}>
      <div class="view">${isLocked ? html`<${Locked} live=${live} />` : html`<${View} place=${place} go=${go} theme=${theme} say=${say} openSend=${openSend} />`}</div>
      ${hasPanel ? html`<${JobPanel} key="panel" id=${place.job} close=${close} go=${go} store=${store} say=${say} replay=${(/** @type {any} */ { task, params }) => setDraft({ task, params })} />` : ''}
    </main>
    <div class="said" role="status" aria-live="polite">${said === '' ? '' : html`<p>${said}</p>`}</div>
    ${draft === null ? '' : html`<${SendDialog} draft=${draft} close=${() => setDraft(null)} sent=${sent} />`}
  `
}

const start = async () => {
  const isOpen = await openSession()
  const live = new Live(store, isOpen ? 'connecting' : 'locked')
  const root = /** @type {HTMLElement} */ (document.getElementById('app'))
  root.replaceChildren()
  render(html`<${App} live=${live} />`, root)
  if (isOpen) live.open()
}

await start()
