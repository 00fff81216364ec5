import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/**
 * Replaces a function of a built-in module, also for those who have imported it by name, until the returned function is called or the
 * test ends.
 */
export const replaceBuiltin = <M extends object, K extends keyof M>(
  module: M,
  name: K,
  replacement: (...args: never[]) => unknown,
): (() => void) => {
  const original = module[name]
  const set = (value: unknown) => {
    module[name] = value as M[K]
    syncBuiltinESMExports()
  }
  set(replacement)
  const heal = () => {
    if (module[name] !== original) set(original)
  }
  onTestFinished(heal)
  return heal
}
