// @ts-check
import { html, useEffect, useRef, useState } from './vendor/preact.js'

/** Small parts of the views. */

/** @type {Readonly<Record<string, string>>} */
const SIGNS = {
  waiting: '○',
  queued: '○',
  running: '◐',
  done: '✓',
  review: '?',
  failed: '✕',
  quarantined: '✕',
  cancelled: '–',
  ready: '●',
  busy: '◐',
  'not ready': '!',
  lost: '✕',
}

/** @param {{ status: string }} props */
export const Badge = ({ status }) => html`
  <span class=${`badge is-${status.replace(' ', '-')}`}><span aria-hidden="true">${SIGNS[status] ?? '•'}</span>${status}</span>
`

/** @param {{ title: string, children?: any }} props */
export const Empty = ({ title, children }) => html`
  <div class="empty"><p class="empty-title">${title}</p><div class="empty-text">${children}</div></div>
`

/** @param {{ label: string, wide?: boolean, children?: any }} props */
export const Fact = ({ label, wide, children }) =>
  html`<div class=${wide ? 'fact is-wide' : 'fact'}><dt>${label}</dt><dd>${children}</dd></div>`

/** How long "Copied" is shown, in ms. */
const COPIED_MS = 1_500

/** @param {{ text: string, label: string }} props */
export const Copy = ({ text, label }) => {
  const [isCopied, setCopied] = useState(false)
  const timer = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), COPIED_MS)
  }
  return html`<button type="button" class="quiet" onClick=${copy} aria-label=${`Copy ${label}`}>${isCopied ? 'Copied' : 'Copy'}</button>`
}

/** Longer texts are cut on the page, in characters. The button copies all of it. */
const MAX_SHOWN = 60_000

/** @param {{ title: string, text: string }} props */
export const Code = ({ title, text }) => html`
  <section class="block">
    <div class="block-head"><h3>${title}</h3><${Copy} text=${text} label=${title.toLowerCase()} /></div>
    <pre tabindex="0" aria-label=${title}>${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}\n… ${text.length - MAX_SHOWN} more characters` : text}</pre>
  </section>
`

/** @param {{ kind: 'error' | 'note', title: string, children?: any }} props */
export const Callout = ({ kind, title, children }) => html`
  <div class=${`callout is-${kind}`}><p class="callout-title">${title}</p><p>${children}</p></div>
`

/** @param {{ fraction: number, note?: string | undefined }} props */
export const Progress = ({ fraction, note }) => {
  const percent = Math.round(fraction * 100)
  return html`
    <div class="progress">
      <progress max="100" value=${percent} aria-label="Progress"></progress>
      <span>${percent} %</span>${note ? html`<span class="muted">${note}</span>` : ''}
    </div>
  `
}

/**
 * A link within the page. A click with a modifier key opens a tab, as every link does.
 * @param {{ href: string, go: (href: string) => void, children?: any, [name: string]: any }} props
 */
export const Link = ({ href, go, children, ...rest }) => {
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    go(href)
  }
  return html`<a href=${href} onClick=${onClick} ...${rest}>${children}</a>`
}
