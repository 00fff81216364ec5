import { afterEach, beforeEach, vi } from 'vitest'
import type { VariableName } from '../../../src/config/variables.js'
import { VARIABLE_NAMES } from '../../../src/config/variables.js'

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
