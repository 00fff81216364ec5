// @ts-check
import { clock, duration } from './format.js'
import { Fact } from './parts.js'
import { html, useEffect, useRef, useState } from './vendor/preact.js'

/**
 * Charts of the last minutes. The chart library is loaded when they are shown.
 *
 * @typedef {import('./types.js').RatePoint} RatePoint
 */

const SPANS = [
  { seconds: 60, label: '1 min' },
  { seconds: 300, label: '5 min' },
  { seconds: 900, label: '15 min' },
]
const CHART_HEIGHT = 220

/** @param {string} name */
const color = (name) => {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const { color: found } = getComputedStyle(probe)
  probe.remove()
  return found
}

/** @param {string} label @param {string} name @param {{ dash?: number[], isSparse?: boolean }} [options] */
const line = (label, name, { dash, isSparse = false } = {}) => ({
  label,
  stroke: color(name),
  width: 2,
  spanGaps: true,
  points: { show: isSparse, size: 5 },
  ...(dash && { dash }),
})

const axis = () => ({
  stroke: color('--muted'),
  grid: { stroke: color('--line'), width: 1 },
  ticks: { stroke: color('--line'), width: 1 },
  font: '12px system-ui, sans-serif',
})

/** @param {{ title: string, data: any[], series: () => any[], format: (value: number) => string, theme: string }} props */
const Chart = ({ title, data, series, format, theme }) => {
  const box = useRef(/** @type {HTMLElement | null} */ (null))
  const chart = useRef(/** @type {any} */ (undefined))
  const latest = useRef(data)
  latest.current = data
  useEffect(() => {
    let isOver = false
    const { current: element } = box
    const observer = new ResizeObserver(() =>
      chart.current?.setSize({ width: element?.clientWidth ?? 300, height: CHART_HEIGHT }),
    )
    const draw = async () => {
      const { uPlot } = await import('./vendor/uplot.js')
      if (isOver || !element) return
      const options = /** @type {any} */ ({
        width: element.clientWidth,
        height: CHART_HEIGHT,
        legend: { live: false },
        cursor: { show: false },
        axes: [
          {
            ...axis(),
            space: 90,
            values: (/** @type {any} */ _, /** @type {number[]} */ ticks) =>
              ticks.map((at) => clock(at * 1_000).slice(0, 8)),
          },
          {
            ...axis(),
            size: 64,
            values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(format),
          },
        ],
        scales: {
          y: {
            range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ max) => [
              0,
              Math.max(max || 0, 1) * 1.1,
            ],
          },
        },
        series: [{}, ...series()],
      })
      chart.current = new uPlot(options, latest.current, element)
      observer.observe(element)
    }
    void draw()
    return () => {
      isOver = true
      observer.disconnect()
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [theme])
  useEffect(() => chart.current?.setData(data), [data])
  return html`<section class="card"><h2>${title}</h2><div class="chart" ref=${box} role="img" aria-label=${title}></div></section>`
}

/** @param {readonly RatePoint[]} points @param {number} at */
const sum = (points, at) => points.reduce((total, point) => total + Number(point[at]), 0)

/** @param {readonly RatePoint[]} points @param {number} at */
const worst = (points, at) => {
  const values = points.map((point) => point[at]).filter((value) => value !== null && value !== undefined)
  return values.length === 0 ? undefined : Math.max(...values.map(Number))
}

const countLines = () => [
  line('created', '--accent'),
  line('done', '--done'),
  line('failed', '--failed', { dash: [6, 4] }),
]
const latencyLines = () => [
  line('median', '--accent', { isSparse: true }),
  line('95 %', '--waiting', { dash: [6, 4], isSparse: true }),
]

/** @param {{ store: import('./store.js').Store, theme: string }} props */
export const Activity = ({ store, theme }) => {
  const [seconds, setSeconds] = useState(300)
  const points = store.rates(seconds)
  /** @param {number[]} columns */
  const columns = (...columns) => columns.map((at) => points.map((point) => point[/** @type {0} */ (at)]))
  return html`
    <div class="page-body">
      <div class="toolbar is-flat">
        <div class="filters" role="group" aria-label="Time span">
          ${SPANS.map(({ seconds: span, label }) => html`<button type="button" key=${span} class="filter" aria-pressed=${span === seconds ? 'true' : 'false'} onClick=${() => setSeconds(span)}>${label}</button>`)}
        </div>
      </div>
      <dl class="facts is-big">
        <${Fact} label="Created">${sum(points, 1).toLocaleString('en')}<//>
        <${Fact} label="Done">${sum(points, 2).toLocaleString('en')}<//>
        <${Fact} label="Failed">${sum(points, 3).toLocaleString('en')}<//>
        <${Fact} label="Slowest second, 95 %">${duration(worst(points, 5))}<//>
      </dl>
      <div class="charts">
        <${Chart} title="Jobs per second" data=${columns(0, 1, 2, 3)} series=${countLines} format=${String} theme=${theme} />
        <${Chart} title="Latency from creation to end" data=${columns(0, 4, 5)} series=${latencyLines} format=${duration} theme=${theme} />
      </div>
    </div>
  `
}
