import type { ErrorSection } from './described.js'

/** Errors of requests to the orchestrator. */
export const orchestrator = {
  UNREACHABLE: {
    classes: ['UnreachableError'],
    meaning:
      'No complete answer came. The orchestrator may have received the request if `error.wasSent` is true. The worker retries. The job client retries reads in `wait` only.',
    causes: [
      [
        'The orchestrator is not running, or the address is wrong.',
        'Check `ORCHESTRATOR_URL`. Run `npx avtomatika-worker doctor`.',
      ],
      ['A proxy or a firewall ends the connection.', 'Check `HTTPS_PROXY` and the rules of the network.'],
      [
        'The certificate is not accepted.',
        'Set `TLS_CA_PATH` to the certificate authority of the orchestrator.',
      ],
      [
        'The request took longer than its timeout.',
        'Check the load of the orchestrator. For the job client, raise `requestTimeoutMs`.',
      ],
    ],
  },
  RESPONSE: {
    classes: ['ResponseError'],
    meaning:
      'The orchestrator answered with an error status that has no code of its own. `error.status` has it.',
    causes: [
      [
        'Status 5xx: the orchestrator or a proxy fails.',
        'Read the log of the orchestrator. The worker retries.',
      ],
      ['Another status.', 'Read the message. It has the text of the answer.'],
    ],
  },
  AUTH: {
    classes: ['AuthError'],
    meaning: 'The orchestrator refused the token (401), or the token does not allow the request (403).',
    causes: [
      [
        'The worker has another token than the orchestrator.',
        'Set `WORKER_TOKEN` to the `GLOBAL_WORKER_TOKEN` of the orchestrator, or `WORKER_INDIVIDUAL_TOKEN` to the token of this worker id.',
      ],
      [
        'The job client uses the token of a worker.',
        'Use the token of a client: from `clients.toml`, or `CLIENT_TOKEN`.',
      ],
      ['Another client has created the job (403).', 'Use the token of that client.'],
    ],
  },
  RATE_LIMIT: {
    classes: ['RateLimitError'],
    meaning:
      'The orchestrator limits the rate of requests (429). `error.retryAfterMs` has the delay of the header `Retry-After`.',
    causes: [
      [
        'The worker polls more often than the orchestrator allows.',
        'Raise `RATE_LIMIT_POLL_LIMIT` at the orchestrator ([production.md](../how-to/production.md)).',
      ],
      ['Two workers have one id, and share its limit.', 'Give each worker its own `WORKER_ID`.'],
      ['The quota of the client is used up.', 'Raise `monthly_attempts` of the client in `clients.toml`.'],
    ],
  },
  UNKNOWN_WORKER: {
    classes: ['UnknownWorkerError'],
    meaning: 'The orchestrator has no record of this worker (404). The worker registers again.',
    causes: [
      [
        'The orchestrator was restarted without its storage, or the record has expired.',
        'Do nothing. If it repeats, check the storage of the orchestrator (Redis).',
      ],
    ],
  },
  STALE_MESSAGE: {
    classes: ['StaleMessageError'],
    meaning:
      'The time stamp of a message differs too much from the clock of the orchestrator (403). The worker sends the message again with a new time stamp.',
    causes: [['A clock is wrong.', 'Synchronize the clocks of both machines, for example with NTP.']],
  },
  DUPLICATE_MESSAGE: {
    classes: ['DuplicateMessageError'],
    meaning: 'The orchestrator has already received this message (403).',
    causes: [
      [
        'The answer to an earlier attempt was lost.',
        'Do nothing. The worker treats the message as received.',
      ],
    ],
  },
  PROTOCOL: {
    classes: ['ProtocolError', 'DowngradeError'],
    meaning:
      'The answer is not valid: it is not JSON, it is too long, or a required member is missing. A `DowngradeError` means that the orchestrator cannot sign its tasks although the worker has a key.',
    causes: [
      [
        'Another program answers at this address, such as a proxy or a login page.',
        'Open the address with `curl`. Correct `ORCHESTRATOR_URL`.',
      ],
      [
        '`ORCHESTRATOR_PROTOCOL` names another generation than the orchestrator speaks.',
        'Set `ORCHESTRATOR_PROTOCOL=auto`.',
      ],
      [
        '`ORCHESTRATOR_SECRET_KEY` is set, and the orchestrator is of the first generation.',
        'Remove the key for this orchestrator, or upgrade the orchestrator.',
      ],
    ],
  },
} satisfies ErrorSection['codes']
