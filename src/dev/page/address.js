// @ts-check
/**
 * The view, the filter and the chosen job, as the query of the address. A copied address shows the same.
 *
 * @typedef {{ view: string, status: string, q: string, job: string }} Place
 */

export const VIEWS = ['jobs', 'workers', 'queue', 'activity', 'faults']

/** @type {Readonly<Place>} */
const START = { view: 'jobs', status: 'all', q: '', job: '' }

/**
 * @param {string} search
 * @returns {Place}
 */
export const placeIn = (search) => {
  const query = new URLSearchParams(search)
  const view = query.get('view') ?? START.view
  return {
    view: VIEWS.includes(view) ? view : START.view,
    status: query.get('status') ?? START.status,
    q: query.get('q') ?? START.q,
    job: query.get('job') ?? START.job,
  }
}

/**
 * Returns the address of a place. Members with their first value are left out.
 * @param {Partial<Place>} place
 */
export const addressOf = (place) => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(place)) {
    if (value !== '' && value !== START[/** @type {keyof Place} */ (name)]) query.set(name, value)
  }
  const text = query.toString()
  return text === '' ? '/' : `/?${text}`
}

/**
 * Takes a token out of the address before anything can keep it: `#token=…`, or `?token=…` of older links.
 * @returns {string | undefined}
 */
export const takeToken = () => {
  const { hash, search } = window.location
  const query = new URLSearchParams(search)
  const token = new URLSearchParams(hash.slice(1)).get('token') ?? query.get('token')
  if (token === null) return undefined
  query.delete('token')
  const rest = query.toString()
  window.history.replaceState(null, '', rest === '' ? '/' : `/?${rest}`)
  return token
}
