import { signatureOf } from '../../../src/dev/rxon/signing.js'
import {
  type Dice,
  garbage,
  jsonOf,
  type Members,
  membersOf,
  mutated,
  newId,
  oddValue,
  pick,
} from './fuzz-values.js'

export const WORKER_TOKEN = 'your-secret-worker-token'
export const CLIENT_TOKEN = 'dev-client-token'

/** What the orchestrator has told so far: real ids lead a message deeper. */
export interface Known {
  readonly jobIds: string[]
  readonly offers: { readonly job_id: string; readonly task_id: string }[]
}

export interface HttpMessage {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer | undefined
}

type Template = (dice: Dice, known: Known) => { method: string; path: string; members?: Members }

const IDS = [
  'w1',
  'w2',
  'r1',
  'r2',
  'constructor',
  '__proto__',
  '%00',
  '%E0%A4%A',
  'a%2Fb',
  '%F0%9F%98%80',
  'x'.repeat(300),
]
const TASKS = ['echo', 'other', 'toString']
const nowS = () => Math.floor(Date.now() / 1_000)
const jobId = (dice: Dice, { jobIds }: Known) => (dice() < 0.8 && pick(dice, jobIds)) || newId()
const workerId = (dice: Dice) => pick(dice, dice() < 0.8 ? IDS.slice(0, 4) : IDS)

const CLASSIC: readonly Template[] = [
  (dice) => ({
    method: 'POST',
    path: '/_worker/workers/register',
    members: membersOf({
      ...{ worker_id: workerId(dice), worker_type: 'demo', supported_tasks: TASKS, status: 'idle', load: 0 },
      ...{ capabilities: { websockets: true }, hot_cache: [], cost: 1 },
    }),
  }),
  (dice) => ({
    method: 'PATCH',
    path: `/_worker/workers/${workerId(dice)}`,
    members: membersOf({ status: 'idle', load: 1, current_tasks: [], supported_tasks: TASKS }),
  }),
  (dice) => ({ method: 'GET', path: `/_worker/workers/${workerId(dice)}/tasks/next` }),
  (dice, known) => {
    const offer = pick(dice, known.offers) ?? { job_id: jobId(dice, known), task_id: newId() }
    const result = jsonOf(
      mutated(
        membersOf({ status: pick(dice, ['success', 'failure', 'cancelled', 'x']), data: {}, error: {} }),
        dice,
      ),
    )
    return {
      method: 'POST',
      path: '/_worker/tasks/result',
      members: [...membersOf({ ...offer, worker_id: workerId(dice) }), ['result', result]],
    }
  },
]

const RXON: readonly Template[] = [
  (dice) => ({
    method: 'POST',
    path: '/_worker/workers/register',
    members: membersOf({
      ...{ worker_id: pick(dice, ['r1', 'r2']), worker_type: 'demo', timestamp: nowS(), skills_hash: 'h' },
      ...{
        supported_skills: TASKS.map((name) => ({ name })),
        capabilities: { cost_per_skill: { echo: 1 } },
        metadata: {},
      },
    }),
  }),
  (dice, { jobIds }) => ({
    method: 'PATCH',
    path: `/_worker/workers/${pick(dice, ['r1', 'r2'])}`,
    members: membersOf({
      status: 'idle',
      current_tasks: jobIds.slice(-3),
      timestamp: nowS(),
      nonce: newId(),
      skills_hash: 'h',
    }),
  }),
  (dice) => ({ method: 'GET', path: `/_worker/workers/${pick(dice, ['r1', 'r2'])}/tasks/next` }),
  (dice, known) => ({
    method: 'POST',
    path: '/_worker/tasks/result',
    members: membersOf({
      ...(pick(dice, known.offers) ?? { job_id: jobId(dice, known), task_id: newId() }),
      ...{
        worker_id: pick(dice, ['r1', 'r2']),
        status: pick(dice, ['success', 'failure', 'cancelled', 'x']),
      },
      ...{
        data: { x: 1 },
        error: { code: 'PERMANENT_ERROR', message: 'm' },
        timestamp: nowS(),
        metadata: {},
      },
    }),
  }),
  (dice, known) => ({ method: 'POST', path: '/_worker/events', members: eventOf(dice, known) }),
  (dice) => ({
    method: 'POST',
    path: '/_worker/auth/token',
    members: membersOf({ worker_id: workerId(dice) }),
  }),
  (dice) => ({
    method: 'POST',
    path: '/_worker/auth/token/refresh',
    members: membersOf({ worker_id: workerId(dice), refresh_token: newId() }),
  }),
]

const CLIENT: readonly Template[] = [
  (dice) => ({
    method: 'POST',
    path: '/api/v1/jobs/one_task',
    members: [
      [
        'initial_data',
        jsonOf(
          mutated(
            membersOf({
              type: pick(dice, TASKS),
              params: { n: 1 },
              priority: 1,
              timeout_seconds: 5,
              result_timeout_seconds: 5,
            }),
            dice,
          ),
        ),
      ],
      ...membersOf({ metadata: {}, policy: {}, security: {} }),
    ],
  }),
  (dice) => ({
    method: 'GET',
    path: `/api/v1/jobs?limit=${pick(dice, ['3', '-1', '1e9', '999999999999', 'x', ''])}&offset=${pick(dice, ['0', 'NaN', '99999'])}`,
  }),
  (dice, known) => ({ method: 'GET', path: `/api/v1/jobs/${jobId(dice, known)}` }),
  (dice, known) => ({ method: 'POST', path: `/api/v1/jobs/${jobId(dice, known)}/cancel` }),
  () => ({ method: 'GET', path: '/api/v1/workers' }),
  (dice) => ({ method: 'GET', path: `/?token=${pick(dice, [CLIENT_TOKEN, '', '%FF', 'x&token=y'])}` }),
  (dice) => ({
    method: pick(dice, ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']),
    path: pick(dice, [
      '/',
      '/_worker/',
      '/_worker/ws/w1',
      '/api/v1/',
      '/api/v1/jobs/a/b/c',
      '//',
      '/%2e%2e/x',
      `/${'a/'.repeat(500)}`,
    ]),
  }),
]

const eventOf = (dice: Dice, known: Known): Members =>
  membersOf({
    ...{
      event_id: newId(),
      worker_id: 'r1',
      origin_worker_id: 'r1',
      event_type: pick(dice, ['progress', 'note']),
    },
    ...{ target_job_id: jobId(dice, known), origin_task_id: newId(), timestamp: nowS(), priority: 1 },
    payload: { progress: 0.5, message: 'half' },
  })

/** Signs what can be signed, so that the message gets beyond the check of its signature. */
const signed = (members: Members, dice: Dice): Members => {
  if (dice() < 0.15) return [...members, ['security', oddValue(dice)]]
  if (dice() < 0.1)
    return [...members, ['security', jsonOf(mutated(membersOf({ signature: 'x', signer_id: 'r1' }), dice))]]
  try {
    const signature = signatureOf(jsonOf(members), WORKER_TOKEN, ['bubbling_chain'])
    return [...members, ...membersOf({ security: { signature } })]
  } catch {
    // Too deep, or with numbers that cannot be signed.
    return [...members, ...membersOf({ security: { signature: 'x' } })]
  }
}

const headersFor = (isRxon: boolean, dice: Dice): Record<string, string> => ({
  ...(dice() < 0.95 && { 'x-worker-token': WORKER_TOKEN, 'x-avtomatika-token': CLIENT_TOKEN }),
  ...(isRxon && dice() < 0.9 && { 'x-rxon-version': pick(dice, ['1.0b17', '', 'x'.repeat(100)]) }),
  ...(dice() < 0.1 && { 'x-worker-id': pick(dice, ['r1', 'w1', '', 'x'.repeat(400)]) }),
  ...(dice() < 0.1 && {
    traceparent: pick(dice, ['00-', 'x', '00-00000000000000000000000000000000-0000000000000000-00']),
  }),
  ...(dice() < 0.1 && { 'accept-encoding': pick(dice, ['gzip', 'zstd, gzip', '*', 'x']) }),
  ...(dice() < 0.03 && { origin: 'http://evil.example' }),
})

export const httpMessage = (dice: Dice, known: Known): HttpMessage => {
  const templates = pick(dice, [CLASSIC, RXON, CLIENT])
  const { method, path, members } = pick(dice, templates)(dice, known)
  const isRxon = templates === RXON
  const headers = headersFor(isRxon, dice)
  if (!members) return { method, path, headers, body: undefined }
  const spoiled = mutated(members, dice)
  const json = jsonOf(isRxon ? signed(spoiled, dice) : spoiled)
  return { method, path, headers, body: dice() < 0.08 ? garbage(json, dice) : Buffer.from(json) }
}

/** A message for the socket; bytes that are no text are sent as such. */
export const socketMessage = (dice: Dice, known: Known): { data: Buffer; isBinary: boolean } => {
  const offer = pick(dice, known.offers) ?? { job_id: newId(), task_id: newId() }
  const progress = membersOf({ event: 'progress_update', ...offer, progress: 0.5, message: 'half' })
  const isEvent = dice() < 0.6
  const members = mutated(isEvent ? eventOf(dice, known) : progress, dice)
  const json = jsonOf(isEvent ? signed(members, dice) : members)
  const data = dice() < 0.1 ? garbage(json, dice) : Buffer.from(json)
  return { data, isBinary: dice() < 0.03 }
}

const CRLF = '\r\n'
const HEAD = `Host: localhost${CRLF}X-Worker-Token: ${WORKER_TOKEN}${CRLF}`

/** What no HTTP client sends. */
const RAW: readonly string[] = [
  'hello',
  `GET / HTTP/9.9${CRLF}${CRLF}`,
  `GET /%ff%fe HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `GET //[::1 HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `GET * HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `OPTIONS * HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `CONNECT evil.example:443 HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `GET http://evil.example/ HTTP/1.1${CRLF}${HEAD}${CRLF}`,
  `GET / HTTP/1.1${CRLF}Host: a b${CRLF}${CRLF}`,
  `GET / HTTP/1.1${CRLF}${CRLF}`,
  `GET / HTTP/1.1${CRLF}${HEAD}X: ${'y'.repeat(20_000)}${CRLF}${CRLF}`,
  `POST /_worker/events HTTP/1.1${CRLF}${HEAD}Content-Length: -1${CRLF}${CRLF}`,
  `POST /_worker/events HTTP/1.1${CRLF}${HEAD}Content-Length: 50${CRLF}${CRLF}{"a`,
  `POST /_worker/events HTTP/1.1${CRLF}${HEAD}Transfer-Encoding: chunked${CRLF}${CRLF}zz${CRLF}`,
  `POST /_worker/events HTTP/1.1${CRLF}${HEAD}Expect: 100-continue${CRLF}Content-Length: 2${CRLF}${CRLF}{}`,
  `POST /_worker/events HTTP/1.1${CRLF}${HEAD}Expect: magic${CRLF}Content-Length: 2${CRLF}${CRLF}{}`,
  `GET / HTTP/1.1${CRLF}${HEAD}Connection: Upgrade${CRLF}Upgrade: h2c${CRLF}${CRLF}`,
  `GET /_worker/ws/%E0%A4%A HTTP/1.1${CRLF}${HEAD}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}${CRLF}`,
  `GET /_worker/ws/w9 HTTP/1.1${CRLF}${HEAD}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}Sec-WebSocket-Version: 99${CRLF}Sec-WebSocket-Key: x${CRLF}${CRLF}`,
]

const UPGRADE = `GET /_worker/ws/w9 HTTP/1.1${CRLF}${HEAD}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${CRLF}${CRLF}`

/** Frames that no WebSocket client sends: unmasked, reserved, fragments without a beginning, lengths beyond any limit. */
const FRAMES: readonly (readonly number[])[] = [
  [0x81, 0x01, 0x61],
  [0xf1, 0x80, 0, 0, 0, 0],
  [0x80, 0x80, 0, 0, 0, 0],
  [0x83, 0x80, 0, 0, 0, 0],
  [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x81, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0],
  [0x88, 0x81, 0, 0, 0, 0, 1],
  [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed],
  [0x89, 0xfe, 0, 200, 0, 0, 0, 0],
  [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28],
  [0x01, 0x81, 0, 0, 0, 0, 0x7b, 0x81, 0x81, 0, 0, 0, 0, 0x7d],
]

export const rawBytes = (dice: Dice): Buffer => {
  if (dice() < 0.5) return Buffer.from(pick(dice, RAW))
  const noise = Array.from({ length: 40 }, () => Math.floor(dice() * 256))
  return Buffer.concat([Buffer.from(UPGRADE), Buffer.from(dice() < 0.8 ? pick(dice, FRAMES) : noise)])
}
