import { resolveSettings } from '../../../src/config/resolve.js'
import { ConfigError, type ConfigProblem } from '../../../src/errors.js'

/** The problems that resolving leads to; none when it works. */
export const problemsOf = (...input: Parameters<typeof resolveSettings>): readonly ConfigProblem[] => {
  try {
    resolveSettings(...input)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}
