// @ts-check
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Whether `node` was started with the module at this URL. Tests import the module instead.
 * @param {string} url
 */
export const isMain = (url) => {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(url))
}
