// @ts-check
import { html } from './vendor/preact.js'

const WIDTH = 96
const HEIGHT = 24

/**
 * Returns the path of a line. A line leads over values that are missing. Pure.
 * @param {readonly (number | null)[]} values
 */
export const pathOf = (values) => {
  const top = Math.max(1e-9, ...values.map((value) => value ?? 0))
  const step = WIDTH / Math.max(1, values.length - 1)
  let pen = 'M'
  return values
    .map((value, index) => {
      if (value === null) return ''
      const point = `${pen}${(index * step).toFixed(1)} ${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`
      // A line without length is drawn as a dot, because a single value has no neighbor.
      const dot = pen === 'M' ? 'h0' : ''
      pen = 'L'
      return `${point}${dot}`
    })
    .join('')
}

/**
 * A line without axes. Its label has the present value, so nobody has to read the line.
 * @param {{ label: string, value: string, values: readonly (number | null)[] }} props
 */
export const Sparkline = ({ label, value, values }) => html`
  <div class="spark">
    <span class="spark-label">${label}</span>
    <span class="spark-value">${value}</span>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT} aria-hidden="true"><path d=${pathOf(values)} /></svg>
  </div>
`
