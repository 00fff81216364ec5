// @ts-check
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Whether the module at this address is what `node` was started with, rather than imported by a test.
 * @param {string} url
 */
export const isMain = (url) => {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(url))
}
