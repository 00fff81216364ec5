import type { OrchestratorSettings, Settings } from '../settings.js'
import { HttpTransport } from '../transport/http.js'
import { TlsFiles } from '../transport/tls-files.js'
import { openSocket } from '../transport/websocket.js'
import type { Logger } from '../utils/logger.js'
import type { Fact, RequestKind } from './health.js'
import { Orchestrator } from './orchestrator.js'

/** Where an orchestrator is, and how it is reached. */
export interface Target {
  readonly settings: Settings
  readonly target: OrchestratorSettings
  readonly tls: TlsFiles | undefined
}

/** On top of the time the orchestrator holds a poll, for the way there and back. */
const POLL_MARGIN_MS = 10_000
/** When a poll ends at the latest, in ms. */
export const pollDeadlineMs = ({ pollTimeoutMs }: Pick<Settings, 'pollTimeoutMs'>): number =>
  pollTimeoutMs + POLL_MARGIN_MS
/** Heartbeats, registrations and the like, beside a poll and a result for each slot. */
const SPARE_CONNECTIONS = 8

/**
 * The certificates and the key that are configured; `undefined`: none are.
 *
 * @param log - is told of files that change and cannot be used; who is soon over needs none
 * @throws ConfigError when they cannot be used
 */
export const tlsFor = ({ tls }: Pick<Settings, 'tls'>, log?: Logger): TlsFiles | undefined => {
  if (Object.keys(tls).length === 0) return undefined
  return new TlsFiles(tls, (error) =>
    log?.error(
      { err: error },
      'the TLS files have changed and cannot be used: the last ones that could still are',
    ),
  )
}

/** The orchestrator alone, spoken to in its generation and with its token. */
export const reach = (
  { settings, target, tls }: Target,
  onFact: (kind: RequestKind, fact: Fact) => void,
  log?: Logger,
): Orchestrator => {
  const { url, token } = target
  const headers = { 'x-worker-token': token, 'x-worker-id': settings.workerId }
  return new Orchestrator({
    url,
    onFact,
    workerId: settings.workerId,
    generation: target.generation,
    token,
    usesSts: settings.usesSts,
    onStsTrouble: (error) =>
      log?.warn(
        { orchestrator: url, err: error },
        'no short-lived token can be had: the configured one is used',
      ),
    taskKey: target.taskKey,
    pollDeadlineMs: pollDeadlineMs(settings),
    transport: new HttpTransport({
      url,
      headers,
      tls,
      connections: 2 * settings.maxConcurrentTasks + SPARE_CONNECTIONS,
    }),
    dial: (path, shown, listener, signal) =>
      openSocket(
        {
          url: url.replace(/\/+$/, '') + path,
          headers: { ...headers, 'x-worker-token': shown },
          tls,
          pingIntervalMs: settings.heartbeatIntervalMs,
        },
        listener,
        signal,
      ),
  })
}
