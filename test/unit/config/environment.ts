import { afterEach, beforeEach, vi } from 'vitest'
import { VARIABLE_NAMES } from '../../../src/config/options.js'
import type { VariableName } from '../../../src/config/values.js'

/** Hides the variables of the machine from each test of the file. */
export const useCleanEnvironment = (): void => {
  beforeEach(() => {
    for (const name of VARIABLE_NAMES) vi.stubEnv(name, undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
}

/** Sets variables for the rest of the test. */
export const setVariables = (variables: Partial<Record<VariableName, string>>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}
