import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ConfigError } from '../errors.js'
import type { TlsSettings } from '../settings.js'

const VARIABLES = { caPath: 'TLS_CA_PATH', certPath: 'TLS_CERT_PATH', keyPath: 'TLS_KEY_PATH' } as const
type Name = keyof typeof VARIABLES
const NAMES = Object.keys(VARIABLES) as Name[]

/**
 * Certificates and key as the files have them: a file that has changed is read again before the next connection is made.
 * While what is there does not fit together, as half-way through an exchange, the last that did is used.
 */
export class TlsFiles {
  readonly #paths: TlsSettings
  readonly #onTrouble: (error: Error) => void
  #seen: string
  #context: SecureContext

  /**
   * @param onTrouble - the files have changed and cannot be used; told once for each change
   * @throws ConfigError when a file cannot be read, or certificate and key do not fit together
   */
  constructor(paths: TlsSettings, onTrouble: (error: Error) => void) {
    this.#paths = paths
    this.#onTrouble = onTrouble
    this.#seen = this.#state()
    try {
      this.#context = this.#load()
    } catch (error) {
      throw new ConfigError(problemsOf(paths, error as Error))
    }
  }

  /** What the next connection is made with. */
  get context(): SecureContext {
    const state = this.#state()
    if (state === this.#seen) return this.#context
    this.#seen = state
    try {
      this.#context = this.#load()
    } catch (error) {
      this.#onTrouble(error as Error)
    }
    return this.#context
  }

  #load(): SecureContext {
    const { caPath, certPath, keyPath } = this.#paths
    return createSecureContext({
      ...(caPath !== undefined && { ca: readFileSync(caPath) }),
      ...(certPath !== undefined && { cert: readFileSync(certPath) }),
      ...(keyPath !== undefined && { key: readFileSync(keyPath) }),
    })
  }

  /** Changes when a file does, also by being replaced with an older one. */
  #state(): string {
    return NAMES.map((name) => {
      const path = this.#paths[name]
      const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
      return found ? `${found.ino}:${found.mtimeMs}:${found.size}` : ''
    }).join()
  }
}

/** The file it is about, where that can be told, else all of them. */
const problemsOf = (paths: TlsSettings, error: Error) => {
  const { path: culprit } = error as NodeJS.ErrnoException
  const given = NAMES.flatMap((name) => {
    const value = paths[name]
    return value === undefined ? [] : [{ name: VARIABLES[name], value }]
  })
  const named = given.filter(({ value }) => value === culprit)
  const expected = `a PEM file that can be used with the others: ${error.message}`
  return (named.length > 0 ? named : given).map((each) => ({ ...each, expected }))
}
