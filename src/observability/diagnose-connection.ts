import type { Connection } from '../connections/connection.js'
import { AuthError, DowngradeError, ProtocolError, RateLimitError, StaleMessageError } from '../errors.js'
import { troubleIn } from '../orchestrators/trouble.js'
import type { Generation } from '../protocol/protocol.js'
import type { GenerationChoice } from '../settings.js'
import type { Diagnosis } from './diagnosis.js'

/** A smaller difference of the clocks harms nothing, in ms. */
const SKEW_MS = 5_000
const seconds = (ms: number): string => `${Math.ceil(ms / 1_000)} s`

/** What is known of an orchestrator besides its connection. */
export interface Target {
  /** The configured generation. */
  readonly choice: GenerationChoice
  /** The generation that the orchestrator shows, if it was asked. */
  readonly shown: Generation | undefined
}

/** Why no tasks come from an orchestrator in use: first what stops them, then what may. */
export const diagnoseConnection = (connection: Connection, target: Target): readonly Diagnosis[] => [
  ...diagnoseFailure(connection, target),
  ...diagnosePace(connection),
  ...diagnoseClock(connection),
]

const diagnoseFailure = ({ url, registrar, polls }: Connection, target: Target): readonly Diagnosis[] => {
  const failure = registrar.failure ?? polls.failure
  const ofWhat = registrar.failure ? 'registration' : 'poll'
  const evidence = failure ? `The last ${ofWhat} failed: ${troubleIn(failure)}.` : ''
  const about = { orchestrator: url, evidence }
  const { choice, shown } = target
  if (shown !== undefined && shown !== choice) return [otherGeneration(about, shown, choice)]
  if (failure instanceof ProtocolError) return [notUnderstood(about, failure)]
  if (failure instanceof AuthError) return [tokenRefused(about)]
  // The pace and the clock say more about these failures.
  if (failure instanceof RateLimitError || failure instanceof StaleMessageError) return []
  if (registrar.state !== 'registered') return [notRegistered(about)]
  return failure ? [pollsFailing(about)] : []
}

type About = Pick<Diagnosis, 'evidence'> & { readonly orchestrator: string }

const tokenRefused = (about: About): Diagnosis => ({
  code: 'token_refused',
  cause: 'The orchestrator refuses the token of this worker.',
  remedy:
    'Set WORKER_TOKEN, or WORKER_INDIVIDUAL_TOKEN for this worker id, to a token that the orchestrator knows.',
  ...about,
})

const otherGeneration = (about: About, shown: Generation, choice: GenerationChoice): Diagnosis => ({
  code: 'wrong_generation',
  cause: 'The orchestrator speaks another generation of the protocol than this worker.',
  remedy: `Set ORCHESTRATOR_PROTOCOL=auto, or to ${shown}.`,
  ...about,
  evidence:
    `The orchestrator answers like the generation ${shown}; ORCHESTRATOR_PROTOCOL is ${choice}. ${about.evidence}`.trim(),
})

const notUnderstood = (about: About, failure: ProtocolError): Diagnosis => ({
  code: 'wrong_generation',
  cause: 'The orchestrator does not speak the protocol that this worker needs.',
  remedy:
    failure instanceof DowngradeError
      ? 'Check the URL. If the orchestrator is of the first generation, leave ORCHESTRATOR_SECRET_KEY out for it.'
      : 'Check that the URL leads to an orchestrator and not to a proxy or a web site.',
  ...about,
})

const notRegistered = (about: About): Diagnosis => ({
  code: 'not_registered',
  cause: 'This worker is not registered with the orchestrator.',
  remedy: 'Check ORCHESTRATOR_URL, the network, and whether the orchestrator runs. The worker retries.',
  ...about,
  evidence: about.evidence || 'The first registration has not been answered yet.',
})

const pollsFailing = (about: About): Diagnosis => ({
  code: 'polls_failing',
  cause: 'The orchestrator does not answer the polls of this worker.',
  remedy: 'Check the orchestrator, and the proxies before it. The worker retries.',
  ...about,
})

const diagnosePace = ({ url, limits, registrar }: Connection): readonly Diagnosis[] => {
  const kind = registrar.failure instanceof RateLimitError ? 'registration' : 'poll'
  if (!limits.isLimited(kind)) return []
  const quietMs = limits.quietMs(kind)
  const pause = quietMs > 0 ? `; the next one may go in ${seconds(quietMs)}` : ''
  return [
    {
      code: 'rate_limited',
      orchestrator: url,
      cause: `The orchestrator limits how often this worker may send a ${kind}.`,
      evidence: `A ${kind} was refused with status 429 within the last ten minutes${pause}.`,
      remedy:
        'Raise the rate limit of the orchestrator, or lower MAX_CONCURRENT_TASKS. Give each worker an id of its own.',
    },
  ]
}

const diagnoseClock = ({ url, orchestrator, registrar, polls }: Connection): readonly Diagnosis[] => {
  const { aheadMs } = orchestrator.clock
  const isStale = (registrar.failure ?? polls.failure) instanceof StaleMessageError
  if (Math.abs(aheadMs) < SKEW_MS && !isStale) return []
  return [
    {
      code: 'clock_skew',
      orchestrator: url,
      cause: 'The clocks of this machine and of the orchestrator differ.',
      evidence: `The clock of the orchestrator is ${seconds(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead'}${isStale ? ', and it refused the last message for its time stamp' : ''}.`,
      remedy: 'Synchronize both clocks (NTP). Time stamps, deadlines and TASK_MAX_AGE depend on them.',
    },
  ]
}
