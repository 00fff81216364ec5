import { findPython, pythonEnv } from './python-env.js'
import { PINNED } from './requirements.js'

/**
 * Runs once before the interop suite: builds all its virtual environments side by side. What fails here is told by the
 * tests that need it.
 */
export default async (): Promise<void> => {
  const python = findPython()
  if (python) await Promise.allSettled(PINNED.map((name) => pythonEnv(python, name)))
}
