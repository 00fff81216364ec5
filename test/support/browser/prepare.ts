import { vendor } from '../../../scripts/vendor.mjs'

/** The page of the sources loads the libraries from there. */
export const setup = vendor
