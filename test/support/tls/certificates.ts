import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Pair {
  readonly certPath: string
  readonly keyPath: string
}

/** Whether this machine can make certificates. */
export const canCertify = (): boolean => spawnSync('openssl', ['version']).status === 0

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate authority of the tests' own, for servers on loopback and for workers. */
export class Authority {
  readonly caPath: string
  readonly #folder: string
  readonly #own: Pair

  constructor(folder: string) {
    this.#folder = folder
    this.#own = { certPath: join(folder, 'ca.pem'), keyPath: join(folder, 'ca.key') }
    this.caPath = this.#own.certPath
    const { certPath, keyPath } = this.#own
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      keyPath,
      '-out',
      certPath,
      '-days',
      '2',
      '-subj',
      '/CN=authority',
    )
  }

  /** For `commonName`, in files of that name. */
  issue(commonName: string, file = commonName): Pair {
    const at = (ending: string) => join(this.#folder, `${file}.${ending}`)
    const names = at('ext')
    writeFileSync(names, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    openssl('req', ...KEY, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${commonName}`)
    const signer = ['-CA', this.#own.certPath, '-CAkey', this.#own.keyPath, '-CAcreateserial']
    openssl('x509', '-req', '-in', at('csr'), ...signer, '-out', at('pem'), '-days', '2', '-extfile', names)
    return { certPath: at('pem'), keyPath: at('key') }
  }
}
