// @ts-check
import { takeToken } from './address.js'

/**
 * The connection to the orchestrator. The browser repeats it and names the last event, and then receives what it has missed.
 *
 * @typedef {'connecting' | 'live' | 'lost' | 'locked'} Phase
 */

/** After how long a refused connection is tried again, in ms. */
const RETRY_MS = 2_000
/** The orchestrator sends something every second. After this silence the connection is dead, in ms. */
const SILENCE_MS = 6_000

/**
 * @param {string} path
 * @param {string} [body]
 */
const post = (path, body) =>
  fetch(path, {
    method: 'POST',
    ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
  })

/**
 * Calls the orchestrator. An error has a message for people.
 * @param {string} path below `/_page/`
 * @param {string} [body] JSON
 * @returns {Promise<any>}
 */
export const act = async (path, body) => {
  const response = await post(`/_page/${path}`, body).catch(() => undefined)
  if (!response) throw new Error('The orchestrator does not answer. Is it still running?')
  const text = await response.text()
  if (response.ok) return text === '' ? undefined : JSON.parse(text)
  throw new Error(errorIn(text) ?? `The orchestrator answered with status ${response.status}.`)
}

/** @param {string} text */
const errorIn = (text) => {
  try {
    return JSON.parse(text).error
  } catch {
    return undefined
  }
}

/**
 * @param {string} path below `/_page/`
 * @returns {Promise<any>} `undefined` if there is no such thing
 */
export const read = async (path) => {
  const response = await fetch(`/_page/${path}`)
  return response.ok ? response.json() : undefined
}

/** Shows a token to the orchestrator, which answers with a cookie. @param {string} token */
export const showToken = async (token) => {
  const response = await post('/_page/session', JSON.stringify({ token })).catch(() => undefined)
  return response?.ok === true
}

/** Returns whether there is a session now. */
export const openSession = async () => {
  const token = takeToken()
  return (token !== undefined && (await showToken(token))) || hasSession()
}

const hasSession = async () => {
  const response = await fetch('/_page/session').catch(() => undefined)
  return response ? response.ok : true
}

export class Live {
  /** @type {Phase} */
  phase
  #store
  #onPhase = () => {}
  /** @type {EventSource | undefined} */
  #source
  #lastId = ''
  #watchdog = 0

  /**
   * @param {import('./store.js').Store} store
   * @param {Phase} phase
   */
  constructor(store, phase) {
    this.#store = store
    this.phase = phase
  }

  /** @param {() => void} onPhase called when `phase` has changed */
  watch(onPhase) {
    this.#onPhase = onPhase
  }

  open() {
    this.#source?.close()
    const after = this.#lastId === '' ? '' : `?after=${encodeURIComponent(this.#lastId)}`
    const source = new EventSource(`/_page/events${after}`)
    this.#source = source
    this.#listen(source, 'hello', (hello) => this.#store.hello(hello))
    this.#listen(source, 'jobs', (part) => this.#store.jobs(part))
    this.#listen(source, 'beat', (beat) => this.#store.take(beat))
    source.onerror = () => {
      if (this.#source === source) void this.#failed(source)
    }
    this.#watch()
  }

  /**
   * @param {EventSource} source
   * @param {string} name
   * @param {(data: any) => void} handle
   */
  #listen(source, name, handle) {
    source.addEventListener(name, (/** @type {MessageEvent<string>} */ event) => {
      if (this.#source !== source) return
      if (event.lastEventId !== '') this.#lastId = event.lastEventId
      handle(JSON.parse(event.data))
      this.#become('live')
      this.#watch()
    })
  }

  /** A browser may not notice that its connection is gone, for example after a laptop has slept. */
  #watch() {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => {
      this.#become('lost')
      this.open()
    }, SILENCE_MS)
  }

  /** @param {EventSource} source */
  async #failed(source) {
    this.#become('lost')
    // The browser gives up when the response was no stream, such as a 401.
    if (source.readyState !== EventSource.CLOSED) return
    clearTimeout(this.#watchdog)
    if (await hasSession()) setTimeout(() => this.open(), RETRY_MS)
    else this.#become('locked')
  }

  /** @param {Phase} phase */
  #become(phase) {
    if (this.phase === phase) return
    this.phase = phase
    this.#onPhase()
  }
}
