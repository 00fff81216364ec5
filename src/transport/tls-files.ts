import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ConfigError } from '../errors.js'
import type { TlsSettings } from '../settings.js'

const VARIABLES = { caPath: 'TLS_CA_PATH', certPath: 'TLS_CERT_PATH', keyPath: 'TLS_KEY_PATH' } as const
type Name = keyof typeof VARIABLES
const NAMES = Object.keys(VARIABLES) as Name[]

/**
 * Certificates and key from files. If a file changes, the files are read again before the next connection. If they do not
 * work together, for example halfway through a renewal, the last files that did are used.
 */
export class TlsFiles {
  readonly #paths: TlsSettings
  readonly #onTrouble: (error: Error) => void
  #fingerprint: string
  #context: SecureContext

  /**
   * @param onTrouble - called once for each change after which the files cannot be used
   * @throws ConfigError if a file cannot be read, or if the certificate does not belong to the key
   */
  constructor(paths: TlsSettings, onTrouble: (error: Error) => void) {
    this.#paths = paths
    this.#onTrouble = onTrouble
    this.#fingerprint = this.#readFingerprint()
    try {
      this.#context = this.#load()
    } catch (error) {
      throw new ConfigError(problemsOf(paths, error as Error))
    }
  }

  /** The context for the next connection. Never throws. */
  get context(): SecureContext {
    const fingerprint = this.#readFingerprint()
    if (fingerprint === this.#fingerprint) return this.#context
    this.#fingerprint = fingerprint
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

  /** Differs after each change of a file, even if an older file replaces it. */
  #readFingerprint(): string {
    return NAMES.map((name) => fingerprintOf(this.#paths[name])).join()
  }
}

/** A file that cannot be examined has its error as fingerprint: reading it then says what is wrong. */
const fingerprintOf = (path: string | undefined): string => {
  if (path === undefined) return ''
  try {
    const { ino, mtimeMs, size } = statSync(path)
    return `${ino}:${mtimeMs}:${size}`
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}

/** Names the file of the error if the error tells it, otherwise all files. */
const problemsOf = (paths: TlsSettings, error: Error) => {
  const { path: culprit } = error as NodeJS.ErrnoException
  const given = NAMES.flatMap((name) => {
    const value = paths[name]
    return value === undefined ? [] : [{ name: VARIABLES[name], value }]
  })
  const named = given.filter(({ value }) => value === culprit)
  const expected = `a PEM file that works with the others: ${error.message}`
  return (named.length > 0 ? named : given).map((each) => ({ ...each, expected }))
}
