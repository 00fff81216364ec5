/** Nobody looks how long handlers take. */
export const UNWATCHED = { entered: () => {}, returned: () => {} }
