import { ConfigError, type ConfigProblem } from '../errors.js'
import { httpUrlOf } from '../utils/http-url.js'

/** The options of a {@link JobClient}. */
export interface ClientOptions {
  /** The address of the orchestrator, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /**
   * The token of a client. A real orchestrator has it in `clients.toml` or in `CLIENT_TOKEN`, the embedded orchestrator in its
   * option `clientToken`.
   */
  readonly token: string
  /** The path of the client API. `v1` is the `api_version` of the blueprints. Default: `/api/v1`. */
  readonly apiPath?: string
  /** How long one request may take, in ms. Default: 30,000. */
  readonly requestTimeoutMs?: number
}

/** The options, checked, with defaults. */
export type ClientSettings = Required<ClientOptions>

/** Headers take visible ASCII. Another character would fail in the first request only. */
const isToken = (token: unknown): boolean => typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)
const isPath = (path: unknown): boolean => typeof path === 'string' && /^(\/[\w.~-]+)*$/.test(path)
const isDelay = (ms: unknown): boolean => typeof ms === 'number' && Number.isFinite(ms) && ms > 0

/** @throws ConfigError that lists every wrong option */
export const settle = ({
  url,
  token,
  apiPath = '/api/v1',
  requestTimeoutMs = 30_000,
}: ClientOptions): ClientSettings => {
  const address = httpUrlOf(url)
  const checks: [name: string, value: unknown, isValid: boolean, expected: string][] = [
    [
      'url',
      '(hidden)',
      address !== undefined,
      'an http:// or https:// URL without credentials, query and fragment',
    ],
    ['token', '(hidden)', isToken(token), 'the token of a client, visible ASCII without spaces'],
    ['apiPath', apiPath, isPath(apiPath), 'a path such as /api/v1'],
    ['requestTimeoutMs', requestTimeoutMs, isDelay(requestTimeoutMs), 'milliseconds, more than 0'],
  ]
  const problems: ConfigProblem[] = checks
    .filter(([, , isValid]) => !isValid)
    .map(([name, value, , expected]) => ({ name, value: String(value), expected }))
  if (problems.length > 0 || address === undefined) throw new ConfigError(problems)
  return { url: address, token, apiPath: apiPath.replace(/\/+$/, ''), requestTimeoutMs }
}
