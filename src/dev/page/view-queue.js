// @ts-check
import { addressOf } from './address.js'
import { duration, plural } from './format.js'
import { Empty, Link } from './parts.js'
import { html } from './vendor/preact.js'

/** @param {{ store: import('./store.js').Store, go: (href: string) => void }} props */
export const Queue = ({ store, go }) => {
  const { queue, now } = store.beat
  if (queue.length === 0)
    return html`<${Empty} title="Nothing waits">
      <p>Every job has been taken by a worker, or has ended.</p>
      ${store.settings.waitForWorker === false ? html`<p>A job that no worker can take is quarantined at once, as in the real orchestrator. With <code>--wait-for-worker</code> it waits.</p>` : ''}
    <//>`
  const total = queue.reduce((sum, { jobs }) => sum + jobs, 0)
  return html`
    <div class="page-body">
      <p class="summary">${plural(total, 'job')} not started</p>
      <ul class="queue">
        ${queue.map(
          ({ task, worker, jobs, oldestMs, why }) => html`
            <li key=${`${task}\n${worker}`} class="card">
              <div class="card-head"><h2>${task}</h2><span class="count-big">${jobs.toLocaleString('en')}</span></div>
              <p class="card-why">${why}</p>
              <p class="small muted">Oldest: ${duration(now - oldestMs)}. <${Link} go=${go} href=${addressOf({ status: 'waiting', q: task })}>Show ${jobs === 1 ? 'the job' : 'these jobs'}<span class="unseen"> of ${task}</span><//></p>
            </li>
          `,
        )}
      </ul>
    </div>
  `
}
