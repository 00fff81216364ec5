// @ts-check
import { addressOf } from './address.js'
import { ago, plural } from './format.js'
import { Badge, Empty, Fact, Link } from './parts.js'
import { html } from './vendor/preact.js'

/**
 * @typedef {import('./types.js').WorkerView} WorkerView
 * @typedef {{ store: import('./store.js').Store, go: (href: string) => void }} Props
 */

/** @type {Readonly<Record<string, string>>} */
const GENERATIONS = { classic: 'first generation (classic)', rxon: 'second generation (rxon)' }

/** @param {WorkerView['slots'][number]} slot */
const slotText = ({ running, hasFree }) => {
  const free = hasFree ? 'takes more' : 'takes no more'
  return running === 0 ? free : `${running} running, ${free}`
}

/** @param {{ worker: WorkerView }} props */
const Slots = ({ worker }) =>
  worker.slots.length === 0
    ? ''
    : html`
      <table class="slots">
        <caption class="unseen">Slots of ${worker.id} by task type</caption>
        <thead><tr><th scope="col">Task type</th><th scope="col">Slots</th></tr></thead>
        <tbody>
          ${worker.slots.map(
            (slot) => html`
              <tr key=${slot.type}>
                <th scope="row">${slot.type}${slot.tasks.length > 1 || slot.tasks[0] !== slot.type ? html`<span class="muted"> ${slot.tasks.join(', ')}</span>` : ''}</th>
                <td><span class=${`dot ${slot.hasFree ? 'is-free' : 'is-full'}`} aria-hidden="true"></span>${slotText(slot)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    `

/** @param {{ worker: WorkerView, go: Props['go'] }} props */
const Card = ({ worker, go }) => html`
  <li class="card">
    <div class="card-head"><h2>${worker.id}</h2><${Badge} status=${worker.state} /></div>
    ${worker.why ? html`<p class="card-why">${worker.why}</p>` : ''}
    <dl class="facts">
      <${Fact} label="Running">${worker.running}${worker.maxRunning === undefined ? '' : ` of ${worker.maxRunning}`}<//>
      <${Fact} label="Queued for it">${worker.queued}<//>
      <${Fact} label="Heartbeat">${ago(worker.silentMs)}<//>
      <${Fact} label="Poll">${worker.isPolling ? 'open' : ago(worker.sincePollMs)}<//>
      <${Fact} label="Type">${worker.type}<//>
      <${Fact} label="Host">${worker.hostname ?? '–'}<//>
      <${Fact} label="Socket">${worker.hasSocket ? 'for commands' : 'none'}<//>
      <${Fact} label="Protocol">${GENERATIONS[worker.generation] ?? worker.generation}<//>
    </dl>
    <${Slots} worker=${worker} />
    ${worker.hot.length > 0 ? html`<p class="chips"><span class="muted small">Hot models</span>${worker.hot.map((name) => html`<span class="chip" key=${name}>${name}</span>`)}</p>` : ''}
    <p class="small"><${Link} go=${go} href=${addressOf({ q: worker.id })}>Jobs of ${worker.id}<//></p>
  </li>
`

/** @param {Props} props */
export const Workers = ({ store, go }) => {
  const { workers } = store.beat
  if (workers.length === 0)
    return html`<${Empty} title="No workers">
      <p>Start a worker with the command that the terminal shows. It appears here after its registration.</p>
      <pre class="inline">ORCHESTRATOR_URL=${window.location.origin} WORKER_TOKEN=… npx avtomatika-worker run worker.js</pre>
    <//>`
  const lost = workers.filter(({ state }) => state === 'lost').length
  return html`
    <div class="page-body">
      <p class="summary">${plural(workers.length - lost, 'worker')} connected${lost > 0 ? `, ${lost} lost` : ''}</p>
      <ul class="cards">${workers.map((worker) => html`<${Card} key=${worker.id} worker=${worker} go=${go} />`)}</ul>
    </div>
  `
}
