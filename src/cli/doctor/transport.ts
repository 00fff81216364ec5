import { secretsIn, tlsFor } from '../../orchestrators/target.js'
import type { OrchestratorSettings, Settings } from '../../settings.js'
import { HttpTransport } from '../../transport/http.js'
import { proxyAt } from '../../transport/proxy.js'
import { Redactor } from '../../utils/redactor.js'

/** Most connections at once. The doctor sends few requests. */
const CONNECTIONS = 4

/** The way to an orchestrator that a worker takes: with its TLS files and its proxy. */
export interface Way {
  readonly transport: HttpTransport
  /** The proxy on the way, without its password. */
  readonly proxy: string | undefined
  /** Hides the secrets of the configuration. */
  readonly redactor: Redactor
}

/**
 * @param headers - of each request
 * @throws ConfigError if the TLS files cannot be used
 */
export const wayTo = (
  settings: Settings,
  target: OrchestratorSettings,
  headers: Readonly<Record<string, string>>,
): Way => {
  const proxy = proxyAt(target.proxyUrl)
  const redactor = new Redactor(secretsIn(settings))
  const transport = new HttpTransport(
    { url: target.url, tls: tlsFor(settings), proxy, redactor },
    headers,
    CONNECTIONS,
  )
  return { transport, proxy: proxy?.shown, redactor }
}
