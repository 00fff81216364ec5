// @ts-check
import { duration } from './format.js'
import { act } from './live.js'
import { html, useState } from './vendor/preact.js'

/**
 * Breaks the orchestrator on purpose, to see what workers do then.
 *
 * @typedef {{ store: import('./store.js').Store, say: (text: string) => void }} Props
 * @typedef {{ title: string, text: string, name: string, choices?: Readonly<Record<string, string>>, seconds?: number, delayMs?: number, times?: number }} Kind
 */

/** @type {readonly Kind[]} */
const KINDS = [
  {
    title: 'Cut the connections',
    text: 'Resets the connections of all workers: those that are open, and new ones at their first request.',
    name: 'cut',
    seconds: 5,
  },
  {
    title: 'Answer with an error',
    text: 'Every request of a worker gets this status. Workers should wait longer from try to try, and lose nothing.',
    name: '500',
    choices: { 500: '500 internal error', 429: '429 too many requests', 401: '401 unauthorized' },
    seconds: 10,
  },
  {
    title: 'Delay',
    text: 'Every request waits before the orchestrator reads it.',
    name: 'delay',
    seconds: 10,
    delayMs: 2_000,
  },
  {
    title: 'Answer never, or in pieces',
    text: 'The connection stays open, and no answer, a slow one or a broken one comes.',
    name: 'half-open',
    choices: {
      'half-open': 'no answer',
      'slow-drip': 'byte by byte',
      'reset-mid-body': 'cut in the middle',
      'bad-json': 'broken JSON',
    },
    seconds: 10,
  },
  {
    title: 'Forget the workers',
    text: 'As an orchestrator whose storage was emptied. Jobs stay. Each worker has to notice and register again.',
    name: 'forget',
  },
  {
    title: 'Duplicate an offer',
    text: 'The next task is given to a worker twice. Its handler should run once.',
    name: 'duplicate-offer',
    times: 1,
  },
  {
    title: 'Lose an acknowledgement',
    text: 'The next result is taken, and its answer is lost. The worker should send the result again.',
    name: 'lost-acknowledgement',
    times: 1,
  },
  {
    title: 'Drop the sockets',
    text: 'The sockets for commands end without a goodbye, and later ones as soon as they open.',
    name: 'socket-drop',
    seconds: 5,
  },
]

/** @param {import('./types.js').Fault} fault */
const extent = ({ forMs, leftMs, times, hits }) => {
  const end =
    forMs !== undefined && leftMs !== undefined
      ? `${duration(Math.ceil(leftMs / 1_000) * 1_000)} left of ${duration(forMs)}`
      : times !== undefined
        ? `${times - hits} left of ${times}`
        : 'until it is stopped'
  return `${end}, ${hits} hit${hits === 1 ? '' : 's'} so far`
}

/** @param {Props} props */
const Active = ({ store, say }) => {
  const { faults = [] } = store.beat
  if (faults.length === 0) return html`<p class="summary">Nothing is broken at the moment.</p>`
  const stop = () =>
    act('faults/stop').then(
      () => say('All faults ended.'),
      (error) => say(error.message),
    )
  return html`
    <div class="callout is-error active-faults">
      <div>
        <p class="callout-title">Broken on purpose</p>
        <ul>${faults.map((fault, at) => html`<li key=${at}><strong>${fault.name}</strong> ${extent(fault)}</li>`)}</ul>
      </div>
      <button type="button" onClick=${stop}>Stop all</button>
    </div>
  `
}

/** @param {{ kind: Kind, say: Props['say'] }} props */
const Card = ({ kind, say }) => {
  const [name, setName] = useState(kind.name)
  const [seconds, setSeconds] = useState(String(kind.seconds ?? ''))
  const [delayMs, setDelayMs] = useState(String(kind.delayMs ?? ''))
  /** @param {Event} event */
  const start = (event) => {
    event.preventDefault()
    const options = {
      ...(kind.seconds !== undefined && { forMs: Number(seconds) * 1_000 }),
      ...(kind.delayMs !== undefined && { delayMs: Number(delayMs) }),
      ...(kind.times !== undefined && { times: kind.times }),
    }
    const call =
      kind.name === 'forget' ? act('forget-workers') : act('faults', JSON.stringify({ name, ...options }))
    call.then(
      () => say(`${kind.title}: started.`),
      (error) => say(error.message),
    )
  }
  const id = `fault-${kind.name}`
  /** @param {any} event */
  const textIn = (event) => event.target.value
  return html`
    <li class="card fault">
      <h2 id=${id}>${kind.title}</h2>
      <p>${kind.text}</p>
      <form class="fault-do" aria-labelledby=${id} onSubmit=${start}>
        ${kind.choices ? html`<div class="field is-wide"><label for=${`${id}-which`}>Which</label><select id=${`${id}-which`} value=${name} onChange=${(/** @type {any} */ event) => setName(textIn(event))}>${Object.entries(kind.choices).map(([value, label]) => html`<option value=${value} key=${value}>${label}</option>`)}</select></div>` : ''}
        ${kind.delayMs === undefined ? '' : html`<div class="field"><label for=${`${id}-delay`}>Delay <span class="muted">ms</span></label><input id=${`${id}-delay`} type="number" min="1" step="1" required value=${delayMs} onInput=${(/** @type {any} */ event) => setDelayMs(textIn(event))} /></div>`}
        ${kind.seconds === undefined ? '' : html`<div class="field"><label for=${`${id}-seconds`}>For <span class="muted">s</span></label><input id=${`${id}-seconds`} type="number" min="0.1" max="86400" step="any" required value=${seconds} onInput=${(/** @type {any} */ event) => setSeconds(textIn(event))} /></div>`}
        <button type="submit">${kind.name === 'forget' ? 'Forget all workers' : 'Start'}<span class="unseen">: ${kind.title}</span></button>
      </form>
    </li>
  `
}

/** @param {Props} props */
export const Faults = ({ store, say }) => html`
  <div class="page-body">
    <${Active} store=${store} say=${say} />
    <ul class="faults">${KINDS.map((kind) => html`<${Card} key=${kind.name} kind=${kind} say=${say} />`)}</ul>
  </div>
`
