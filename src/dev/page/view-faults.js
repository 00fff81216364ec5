// @ts-check
import { act } from './live.js'
import { html } from './vendor/preact.js'

/** @typedef {{ store: import('./store.js').Store, say: (text: string) => void }} Props */

/** @param {Props} props */
export const Faults = ({ say }) => {
  const forget = () =>
    act('forget-workers').then(
      () => say('The orchestrator forgot all workers. They register again after their next heartbeat.'),
      (error) => say(error.message),
    )
  return html`
    <div class="page-body">
      <ul class="faults">
        <li class="card fault">
          <h2>Forget the workers</h2>
          <p>As an orchestrator whose storage was emptied. Jobs and connections stay. Each worker has to notice and register again.</p>
          <div class="fault-do"><button type="button" onClick=${forget}>Forget all workers</button></div>
        </li>
      </ul>
    </div>
  `
}
