import { fileURLToPath } from 'node:url'
import { vendor } from '../../../scripts/vendor.mjs'

/** The page of the sources loads the libraries from there. */
export const setup = (): Promise<void> =>
  vendor(fileURLToPath(new URL('../../../src/dev/page/vendor', import.meta.url)))
