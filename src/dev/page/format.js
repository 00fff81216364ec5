// @ts-check

/**
 * Returns a duration for people: `340 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`.
 * @param {number | undefined | null} ms
 */
export const duration = (ms) => {
  if (ms === undefined || ms === null) return '–'
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000 && ms % 1_000 !== 0) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/**
 * Returns how long ago something was: `now`, `12 s ago`.
 * @param {number | undefined | null} ms
 */
export const ago = (ms) => {
  if (ms === undefined || ms === null) return 'never'
  return ms < 1_500 ? 'now' : `${duration(Math.round(ms / 1_000) * 1_000)} ago`
}

/** @param {number} count */
const twoDigits = (count) => String(count).padStart(2, '0')

/**
 * Returns a time of the day, by the clock of the browser: `14:03:07.250`.
 * @param {number} atMs
 */
export const clock = (atMs) => {
  const at = new Date(atMs)
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
  return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/**
 * @param {number} count
 * @param {string} noun
 */
export const plural = (count, noun) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

/** @param {string} id */
export const shortId = (id) => id.slice(0, 8)
