import type { MetricsFormat } from './write-text.js'

const OPENMETRICS = 'application/openmetrics-text'

/** How much a client wants a media type, from 0 to 1. */
interface Wish {
  readonly type: string
  readonly quality: number
}

const wishesIn = (accept: string): readonly Wish[] =>
  accept.split(',').map((entry) => {
    const [type = '', ...params] = entry.split(';').map((part) => part.trim().toLowerCase())
    const [quality] = params.flatMap((param) => /^q=([\d.]{1,5})$/.exec(param)?.[1] ?? [])
    return { type, quality: quality === undefined ? 1 : Number(quality) }
  })

/** Returns the format that a client prefers by its `Accept` header. Prometheus text if the client does not care. Pure. */
export const formatFor = (accept: string): MetricsFormat => {
  const wishes = wishesIn(accept)
  const qualityOf = (fits: (type: string) => boolean): number =>
    Math.max(0, ...wishes.filter(({ type }) => fits(type)).map(({ quality }) => quality || 0))
  const ofOpenMetrics = qualityOf((type) => type === OPENMETRICS)
  const ofText = qualityOf((type) => type === 'text/plain')
  return ofOpenMetrics > 0 && ofOpenMetrics >= ofText ? 'openmetrics' : 'prometheus'
}
