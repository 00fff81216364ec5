import type { OrchestratorSettings, Settings } from '../settings.js'
import type { Tracing } from '../tracing/tracing.js'
import { TlsFiles } from '../transport/tls-files.js'
import type { Logger } from '../utils/logger.js'

/** What a worker needs to know to connect to one orchestrator. */
export interface Target {
  readonly settings: Settings
  readonly target: OrchestratorSettings
  readonly tls: TlsFiles | undefined
  /** Absent without tracing. */
  readonly tracing?: Tracing | undefined
}

/** Network time on top of the time for which the orchestrator holds a poll, in ms. */
const POLL_MARGIN_MS = 10_000

/** How long a poll may take, in ms. */
export const pollDeadlineMs = ({ pollTimeoutMs }: Pick<Settings, 'pollTimeoutMs'>): number =>
  pollTimeoutMs + POLL_MARGIN_MS

/** Every token and key of a worker. One orchestrator may quote the secret of another, because a secret may be used twice. */
export const secretsIn = ({ orchestrators, s3 }: Settings): readonly (string | undefined)[] => [
  ...orchestrators.flatMap(({ token, taskKey }) => [token, taskKey]),
  s3.accessKey,
  s3.secretKey,
]

/**
 * Loads the configured certificates and key; returns `undefined` if none are configured.
 *
 * @param log - gets an error if files change and cannot be used any more
 * @throws ConfigError if the files cannot be used
 */
export const tlsFor = ({ tls }: Pick<Settings, 'tls'>, log?: Logger): TlsFiles | undefined => {
  if (Object.keys(tls).length === 0) return undefined
  return new TlsFiles(tls, (error) =>
    log?.error(
      { err: error },
      'Changed TLS files not loaded: the worker uses the last valid files. Check TLS_CA_PATH, TLS_CERT_PATH and TLS_KEY_PATH',
    ),
  )
}
