import type { Histogram } from '../utils/histogram.js'
import type { Family } from './families.js'

/** The formats of an exposition. */
export type MetricsFormat = 'prometheus' | 'openmetrics'

/** The `Content-Type` of each format. */
export const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

type Labels = Readonly<Record<string, string>>

/** The quantiles of a summary. */
export interface Quantiles {
  readonly quantiles: readonly (readonly [quantile: number, value: number])[]
  readonly sum: number
  readonly count: number
}

/** One series of a family. */
export interface Sample {
  readonly labels?: Labels
  readonly value: number | Histogram | Quantiles
}

/** A family with its name and its series. */
export interface FilledFamily {
  readonly name: string
  readonly family: Family
  readonly samples: readonly Sample[]
}

/** Writes an exposition. Pure. */
export const writeText = (families: readonly FilledFamily[], format: MetricsFormat): string => {
  const lines: string[] = []
  for (const each of families) writeFamily(each, format, lines)
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

const writeFamily = (
  { name, family, samples }: FilledFamily,
  format: MetricsFormat,
  lines: string[],
): void => {
  const { type, unit, help } = family
  // OpenMetrics names a family of counters without the ending of its series.
  const title = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  lines.push(`# HELP ${title} ${escapeText(help)}.`, `# TYPE ${title} ${type}`)
  if (format === 'openmetrics' && unit && title.endsWith(`_${unit}`)) lines.push(`# UNIT ${title} ${unit}`)
  const float = format === 'openmetrics' ? canonicalFloat : String
  for (const { labels = {}, value } of samples) {
    if (typeof value === 'number') lines.push(`${name}${written(labels)} ${number(value)}`)
    else if ('quantiles' in value) writeQuantiles(name, labels, value, float, lines)
    else writeHistogram(name, labels, value, float, lines)
  }
}

type Float = (value: number) => string

const writeHistogram = (
  name: string,
  labels: Labels,
  histogram: Histogram,
  float: Float,
  lines: string[],
) => {
  const { bounds, counts, sum } = histogram
  let below = 0
  for (const [place, count] of counts.entries()) {
    below += count
    const bound = bounds[place]
    const le = bound === undefined ? '+Inf' : float(bound)
    lines.push(`${name}_bucket${written({ ...labels, le })} ${below}`)
  }
  lines.push(`${name}_sum${written(labels)} ${number(sum)}`, `${name}_count${written(labels)} ${below}`)
}

const writeQuantiles = (name: string, labels: Labels, value: Quantiles, float: Float, lines: string[]) => {
  for (const [quantile, at] of value.quantiles)
    lines.push(`${name}${written({ ...labels, quantile: float(quantile) })} ${number(at)}`)
  lines.push(`${name}_sum${written(labels)} ${number(value.sum)}`)
  lines.push(`${name}_count${written(labels)} ${number(value.count)}`)
}

const written = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const number = (value: number): string => {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`
}

const canonicalFloat = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value))

const escapeText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const escapeLabel = (text: string): string => escapeText(text).replaceAll('"', '\\"')
