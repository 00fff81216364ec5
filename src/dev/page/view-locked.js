// @ts-check
import { showToken } from './live.js'
import { html, useState } from './vendor/preact.js'

/** What the page shows without a session. @param {{ live: import('./live.js').Live }} props */
export const Locked = ({ live }) => {
  const [problem, setProblem] = useState('')
  /** @param {any} event */
  const submit = async (event) => {
    event.preventDefault()
    const token = new FormData(event.target).get('token')
    if (await showToken(String(token))) live.open()
    else setProblem('This is not the client token of the running orchestrator.')
  }
  return html`
    <form class="locked card" onSubmit=${submit}>
      <h2>Open the link of the terminal</h2>
      <p>The orchestrator printed a link with a token when it started. Tokens are new at each start, unless <code>CLIENT_TOKEN</code> is set.</p>
      <div class="field">
        <label for="token">Or paste the client token</label>
        <input id="token" name="token" type="password" autocomplete="off" required aria-describedby="token-problem" />
        <p class="problem" id="token-problem" role="alert">${problem}</p>
      </div>
      <button type="submit" class="primary">Open</button>
    </form>
  `
}
