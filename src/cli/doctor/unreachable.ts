import type { Finding } from './finding.js'

/** How a request failed. */
export interface Trouble {
  readonly url: string
  /** The error code of Node, such as ECONNREFUSED; empty if there is none. */
  readonly code: string
  /** The whole error, without secrets. */
  readonly message: string
  /** Whether there was a connection for the request. */
  readonly wasSent: boolean
  /** The proxy on the way, without its password. */
  readonly proxy: string | undefined
  /** What a second connection to the same port has shown. */
  readonly speaks: 'tls' | 'http' | undefined
}

const CERTIFICATE =
  /^(?:CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME'])
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])

/** Returns why an orchestrator did not answer. Pure. */
export const explainUnreachable = (trouble: Trouble): Finding => {
  const { url, code, message, wasSent, proxy, speaks } = trouble
  const { hostname, port, protocol } = new URL(url)
  const at = `port ${port || (protocol === 'https:' ? '443' : '80')} of ${hostname}`
  const about = { severity: 'error' as const, orchestrator: url, evidence: `${message}.` }
  if (CERTIFICATE.test(code))
    return {
      ...about,
      code: 'certificate_refused',
      cause: `The certificate of ${hostname} is not trusted (${code}).`,
      remedy: 'Set TLS_CA_PATH to the certificate of the authority, and check the host name in the URL.',
    }
  if (proxy !== undefined)
    return {
      ...about,
      code: 'proxy_failed',
      cause: `The proxy ${proxy} does not lead to ${hostname}.`,
      remedy: `Correct HTTP_PROXY or HTTPS_PROXY, or set NO_PROXY=${hostname} if no proxy is needed.`,
    }
  if (UNKNOWN_NAME.has(code))
    return {
      ...about,
      code: 'name_unknown',
      cause: `The host name ${hostname} cannot be resolved.`,
      remedy: 'Correct the host name in ORCHESTRATOR_URL, or check the DNS of this machine.',
    }
  if (protocol === 'https:' && speaks === 'http')
    return {
      ...about,
      code: 'https_on_http',
      cause: `The URL begins with https:, but ${at} speaks plain HTTP.`,
      remedy: `Set ORCHESTRATOR_URL=${url.replace(/^https:/, 'http:')}`,
    }
  if (protocol === 'http:' && speaks === 'tls')
    return {
      ...about,
      code: 'http_on_https',
      cause: `The URL begins with http:, but ${at} speaks TLS.`,
      remedy: `Set ORCHESTRATOR_URL=${url.replace(/^http:/, 'https:')}`,
    }
  if (REFUSED.has(code))
    return {
      ...about,
      code: 'connection_refused',
      cause: `Nothing listens on ${at}.`,
      remedy: 'Start the orchestrator, or correct the host and the port in ORCHESTRATOR_URL.',
    }
  return {
    ...about,
    code: 'no_answer',
    cause: `The orchestrator at ${url} ${wasSent ? 'accepts connections, but does not answer' : 'does not answer'}.`,
    remedy: `Check ${wasSent ? 'the load' : 'the firewall between this machine and the orchestrator,'} and the log of the orchestrator.`,
  }
}
